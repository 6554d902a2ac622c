"""The order book: the state of every order, followed from the log."""

from decision_service.followers.order_book.sqlite_order_book import SqliteOrderBook

__all__ = ["SqliteOrderBook"]
