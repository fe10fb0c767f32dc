"""WeChat's server interfaces. Outside core, because it speaks HTTP and shares its access token through Redis."""
