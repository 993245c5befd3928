"""Write livefeed/accounts/common_passwords.txt: words that most chosen passwords are made of.

Source: the frequency list of leaked passwords in zxcvbn 4.5.0 (MIT; its licence is beside the list), which is
no dependency: `pip install zxcvbn` into any environment, then run this in it. Words are reduced as
`accounts.passwords` reduces what people type, and each is kept once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-not-found]

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "livefeed/accounts/common_passwords.txt"

sys.path.insert(0, str(ROOT))

from livefeed.accounts.passwords import SHORTEST_WORD, plain  # noqa: E402 - after the path

# What Arabic keyboards bring most often; the leaks above are nearly all Latin.
ARABIC = (
    "كلمةالسر كلمةالمرور كلمة مرور السر المرور محمد احمد علي حسن حسين خالد عمر يوسف ابراهيم مصطفى "
    "فاطمة مريم عائشة زينب الله بسمالله الحمدلله سبحانالله اللهاكبر لاالهالاالله ماشاءالله انشاءالله "
    "بسماللهالرحمنالرحيم حبيبي حبيبتي احبك بحبك انااحبك سوريا دمشق حلب القدس فلسطين مصر القاهرة "
    "العراق بغداد لبنان بيروت الاردن عمان السعودية مكة الكويت قطر الجزيرة تونس المغرب الجزائر ليبيا "
    "السودان اليمن الحرية الثورة ثورة سلام مرحبا "
)


def main() -> None:
    """Write the list."""
    words = {plain(word).strip("0123456789!@#$%^&*.,_- ") for word in FREQUENCY_LISTS["passwords"]}
    words |= {plain(word) for word in ARABIC.split()}
    kept = sorted(word for word in words if len(word) >= SHORTEST_WORD)
    LIST.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"{LIST.name}: {len(kept)} words")


if __name__ == "__main__":
    main()
