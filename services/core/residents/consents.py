"""What residents are asked to agree to, version by version, and what each answered when (个人信息保护法 第十四条至第十六条)."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.residents.errors import ConsentMissing, ConsentTextOld
from services.core.residents.events import ConsentTextPublished
from services.core.residents.rules import Answer, Topic

if TYPE_CHECKING:
    import asyncpg

NEWEST = """
SELECT DISTINCT ON (topic) id, topic, number, title_zh, title_en, body_zh, body_en, published_at
FROM consent_text ORDER BY topic, number DESC
"""
# An answer to an older version is none: another wording is asked anew.
MINE = f"""
SELECT t.id, t.topic, t.number, t.title_zh, t.title_en, t.body_zh, t.body_en, t.published_at, a.answer, a.at
FROM ({NEWEST}) AS t
LEFT JOIN LATERAL (SELECT answer, at FROM consent_answer WHERE resident_id = $1 AND text_id = t.id ORDER BY id DESC LIMIT 1) AS a
       ON true
ORDER BY t.topic
"""
HISTORY = """
SELECT t.topic, t.number, t.title_zh, t.title_en, a.answer, a.at FROM consent_answer a JOIN consent_text t ON t.id = a.text_id
WHERE a.resident_id = $1 ORDER BY a.id
"""
ONE = f"SELECT id, number, answer FROM ({MINE}) AS m WHERE m.topic = $2"
ADD_ANSWER = "INSERT INTO consent_answer (id, resident_id, text_id, answer, at) VALUES ($1, $2, $3, $4, $5)"
# Of two who publish at once the later takes the next number: (topic, number) is unique, and the table is locked against others.
ADD_TEXT = """
INSERT INTO consent_text (id, topic, number, title_zh, title_en, body_zh, body_en, published_by, published_at)
SELECT $1::uuid, $2::varchar, 1 + coalesce(max(number), 0), $3::varchar, $4::varchar, $5::text, $6::text, $7::uuid,
       $8::timestamptz
FROM consent_text WHERE topic = $2::varchar
RETURNING number
"""
LOCK_TEXTS = "LOCK TABLE consent_text IN SHARE ROW EXCLUSIVE MODE"


async def require(driver: "asyncpg.Connection", *, resident_id: UUID, topic: Topic) -> None:
    """ConsentMissing unless the resident agreed to the text as it reads now."""
    row = await driver.fetchrow(ONE, resident_id, topic)
    if row is None or row["answer"] != Answer.GIVEN:
        raise ConsentMissing(topic=topic)


async def answer(uow: UnitOfWork, *, resident_id: UUID, topic: Topic, number: int, said: Answer) -> None:
    """Keeps what a resident says to a text. ConsentTextOld for any version but the newest; the same again adds nothing.

    What was never given is not withdrawn: NotFound. Refusing and withdrawing bar nothing that the law does not tie to consent.
    """
    row = await uow.driver.fetchrow(ONE, resident_id, topic)
    if row is None:
        raise NotFound
    if row["number"] != number:
        raise ConsentTextOld
    if row["answer"] == said:
        return
    if said is Answer.WITHDRAWN and row["answer"] != Answer.GIVEN:
        raise NotFound
    answer_id = new_id()
    await uow.driver.execute(ADD_ANSWER, answer_id, resident_id, row["id"], said, uow.now)
    uow.audit(
        f"consent.{said}", target="consent_answer", target_id=answer_id, details={"topic": topic, "number": number}
    )


async def publish(
    uow: UnitOfWork, *, topic: Topic, title_zh: str, title_en: str, body_zh: str, body_en: str
) -> tuple[UUID, int]:
    """A new version of a text; its id and number. Everybody is asked anew."""
    await uow.driver.execute(LOCK_TEXTS)
    text_id = new_id()
    number: int = await uow.driver.fetchval(
        ADD_TEXT, text_id, topic, title_zh, title_en, body_zh, body_en, uow.actor.id, uow.now
    )
    uow.record(ConsentTextPublished(number=number), subject="consent_text", subject_id=text_id, region_path="")
    return text_id, number
