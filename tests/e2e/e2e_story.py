"""A coverage with everything that a page can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from e2e_site import Site

LEAD = Path(__file__).parents[2] / "livefeed" / "demo" / "lead.jpg"


@dataclass(frozen=True, slots=True)
class Told:
    """A site with one coverage that has everything, and the ids of its updates, oldest first."""

    site: Site
    ids: list[str]

    @property
    def pages(self) -> dict[str, str]:
        """The addresses of every kind of page for readers."""
        return {
            "index": "/",
            "live": "/live/look",
            "archive": "/live/look?page=1",
            "permalink": f"/live/look/updates/{self.ids[9]}",
            "corrections": "/live/look/corrections",
            "what was corrected": f"/live/look/updates/{self.ids[9]}/corrections",
            "error": "/live/nothing",
            "text-only index": "/?lite=1",
            "text-only": "/live/look?lite=1",
            "text-only corrections": f"/live/look/updates/{self.ids[9]}/corrections?lite=1",
            "text-only error": "/live/nothing?lite=1",
        }


async def tell(site: Site, slug: str, language: str) -> list[str]:
    """Tell it under `slug`; the ids of its updates, oldest first."""
    picture = await site.upload(LEAD)
    await site.cover(
        slug,
        headline="العاصفة تغلق الميناء" if language == "ar" else "Storm closes the port",
        kicker="التغطية الحية" if language == "ar" else "Weather",
        standfirst="نتابع معكم التطورات.",
        language=language,
        timezone="Asia/Damascus",
        place="دمشق",
        dateline="إسطنبول",
        byline=["متابعات"],
        section="طقس",
        summary=["أُغلق الميناء.", "Ferries are late."],
        starts_at="2020-11-22T15:15:00Z",
        lead_media={"id": picture, "alt": "ميناء", "caption": "الميناء عند الغروب", "credit": "إنترنت"},
    )
    ids = [
        await site.publish(
            slug,
            f"الخبر {number}",
            body="نقلت **وكالة** «شراع» أن:\n\n- الأول\n- الثاني\n\n> قال شاهد",
            breaking=number == 11,
            key_event=number in {2, 10},
            attribution="إذاعة «الفنار»",
            verification=("confirmed", "unconfirmed", "denied")[number % 3],
            related=[{"title": "الأضرار (خريطة)", "url": "https://example.org/map", "label": "اقرأ أيضاً"}],
            tags=["طقس"],
            media=[{"id": picture, "alt": "ميناء", "caption": "المرفأ", "credit": "إنترنت"}] * (number == 12),
            embeds=[{"url": "https://youtu.be/dQw4w9WgXcQ", "title": "التسجيل"}] * (number == 12),
        )
        for number in range(1, 13)
    ]
    path = f"/{slug}/updates"
    await site.ask("POST", f"{path}/{ids[9]}/corrections", {"note": "صُحّح الرقم."})
    await site.ask("POST", f"{path}/{ids[8]}/retraction", {"reason": "خطأ", "note": "سُحب لخطأ."})
    await site.ask("POST", f"{path}/{ids[7]}/pin")
    return ids
