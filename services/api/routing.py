"""Which route answers, looked up by the look of the request: asking two hundred routes in turn costs more than a statement does."""

from collections import defaultdict
from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send


def _look(method: str, path: str) -> tuple[str, str, int]:
    """What a request and its route share: the method, the path's first two parts (`/v1/compounds`), how many it has.

    A parameter is one part, so a route's path has as many as the paths that it answers.
    """
    return method, "/".join(path.split("/", 3)[:3]), path.count("/")


class Index(BaseRoute):
    """Stands before the routes themselves and asks only those that look as the request does, in their order.

    What it does not find (no such address, another method) the routes behind it answer as ever.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes: dict[tuple[str, str, int], list[Route]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Route):
                for method in route.methods or ():
                    self._routes[_look(method, route.path)].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that answers wholly; it stands in the scope as `route`."""
        if scope["type"] == "http":
            for route in self._routes.get(_look(scope["method"], scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    return match, {**found, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands on to the route that was found."""
        await scope["route"].handle(scope, receive, send)
