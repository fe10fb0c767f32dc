"""Which route answers, looked up by how the path begins: asking two hundred routes in turn costs more than a statement does."""

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


def _beginning(path: str) -> str:
    """The first two parts of a path, which name what it is about: `/v1/compounds`."""
    return "/".join(path.split("/", 3)[:3])


class Index(BaseRoute):
    """Stands before the routes themselves and asks only those that begin as the request does, in their order.

    What it does not find (no such address, another method) the routes behind it answer as ever.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes: dict[str, list[Route]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Route):
                self._routes[_beginning(route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that answers wholly; it stands in the scope as `route`."""
        if scope["type"] == "http":
            for route in self._routes.get(_beginning(scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, {**found, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on to the route that was found."""
        await scope["route"].handle(scope, receive, send)
