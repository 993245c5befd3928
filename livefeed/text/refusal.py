"""The one error of this package."""


class TextRefused(ValueError):
    """Text that cannot be taken; the message is a sentence for its writer, with the value and the limit."""
