"""A coverage with everything that a page can show."""

from __future__ import annotations

from pathlib import Path

from e2e_site import Site

LEAD = Path(__file__).parents[2] / "livefeed" / "demo" / "lead.jpg"


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
        )
        for number in range(1, 13)
    ]
    path = f"/{slug}/updates"
    await site.ask("POST", f"{path}/{ids[9]}/corrections", {"note": "صُحّح الرقم."})
    await site.ask("POST", f"{path}/{ids[8]}/retraction", {"reason": "خطأ", "note": "سُحب لخطأ."})
    await site.ask("POST", f"{path}/{ids[7]}/pin")
    return ids
