"""What the sitemap protocol and Google's rules for news ask of a document, as checks by lxml."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lxml import etree

CORE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"

# The shape that sitemaps.org describes: an address, then perhaps a time, then elements of other namespaces.
SCHEMA = etree.XMLSchema(
    etree.fromstring(
        b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
  targetNamespace="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<xs:element name="urlset"><xs:complexType><xs:sequence>
  <xs:element name="url" type="entry" minOccurs="0" maxOccurs="50000"/>
</xs:sequence></xs:complexType></xs:element>
<xs:element name="sitemapindex"><xs:complexType><xs:sequence>
  <xs:element name="sitemap" type="entry" maxOccurs="50000"/>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="entry"><xs:sequence>
  <xs:element name="loc"><xs:simpleType><xs:restriction base="xs:anyURI">
    <xs:minLength value="12"/><xs:maxLength value="2048"/>
  </xs:restriction></xs:simpleType></xs:element>
  <xs:element name="lastmod" type="xs:dateTime" minOccurs="0"/>
  <xs:any namespace="##other" minOccurs="0" maxOccurs="unbounded" processContents="skip"/>
</xs:sequence></xs:complexType>
</xs:schema>"""
    )
)


def tree_of(document: bytes) -> etree._Element:
    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))


def addresses(document: bytes) -> list[str]:
    """The addresses in a document, in its order."""
    return [each.text or "" for each in tree_of(document).iter(f"{CORE}loc")]


def sitemap_faults(document: bytes, base_url: str) -> list[str]:
    """What is wrong with a sitemap or the index of one."""
    root = tree_of(document)
    faults = [] if SCHEMA.validate(root) else [str(SCHEMA.error_log.last_error)]
    if len(document) > 50_000_000:
        faults.append("larger than 50 MB")
    named = addresses(document)
    if len(named) != len(set(named)):
        faults.append("an address is named twice")
    for address in named:
        parts = urlsplit(address)
        if not address.isascii() or parts.fragment or not address.startswith(f"{base_url}/"):
            faults.append(f"{address} is not a page of {base_url}")
    return faults


def news_faults(document: bytes, base_url: str, now: datetime) -> list[str]:
    """What is wrong with a news sitemap at `now`."""
    faults = sitemap_faults(document, base_url)
    urls = tree_of(document).findall(f"{CORE}url")
    if len(urls) > 1000:
        faults.append(f"{len(urls)} addresses")
    for url in urls:
        found = url.findall(f"{NEWS}news")
        if len(found) != 1:
            faults.append(f"{len(found)} times news:news")
            continue
        order = [etree.QName(each).localname for each in found[0]]
        if order != ["publication", "publication_date", "title"]:
            faults.append(f"news:news holds {order}")
            continue
        for path in ("publication/name", "publication/language", "title"):
            text = found[0].findtext("/".join(NEWS + step for step in path.split("/")))
            if not (text or "").strip():
                faults.append(f"{path} is empty")
        published = datetime.fromisoformat(found[0].findtext(f"{NEWS}publication_date") or "")
        if published.tzinfo is None or published < now - timedelta(days=2):
            faults.append(f"published at {published}")
    return faults
