"""What servicers share: blocking work beside the event loop, and pages of an answer."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

from decision_service.api import page_token
from decision_service.api.convert import refuse

DEFAULT_PAGE = 50
LARGEST_PAGE = 1000


async def in_thread(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Blocking work beside the event loop."""
    work = functools.partial(function, *arguments, **named)
    return await asyncio.get_running_loop().run_in_executor(None, work)


def page(request: Any) -> tuple[int, int | None]:
    """How much is asked for, and from where; None from the start."""
    return page_size(request), page_token.read(request.page_token, question(request))


def page_size(request: Any) -> int:
    """How much is asked for."""
    if not 0 <= request.page_size <= LARGEST_PAGE:
        raise refuse("page_size", f"must be 0 to {LARGEST_PAGE}")
    return request.page_size or DEFAULT_PAGE


def question(request: Any) -> bytes:
    """The request without its page: what a token is bound to."""
    asked = type(request)()
    asked.CopyFrom(request)
    asked.ClearField("page_token")
    asked.ClearField("page_size")
    return bytes(asked.SerializeToString(deterministic=True))
