"""The one error of this package."""


class TextRefused(ValueError):
    """Text that cannot be taken; the message is a sentence for its writer, with the value and the limit.

    `limit` is what is taken instead, for programs: a number, or words.
    """

    def __init__(self, sentence: str, limit: int | str) -> None:
        super().__init__(sentence)
        self.limit = limit
