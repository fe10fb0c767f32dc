"""`jiugai demo`: the competitive selection on the sources' own figures, played by HTTP against a real API and worker."""

import asyncio
from functools import partial

import typer
from rich.console import Console

from services.cli import embedded
from services.cli.demo import show, stage
from services.cli.demo.counties import fenggang, quanjiao
from services.cli.demo.play import CountyPlay, sign_in
from services.cli.demo.residents import Residents
from services.cli.demo.rolls import enter_rolls
from services.cli.demo.sequel import Sequel
from services.cli.embedded import Refusal
from services.cli.verify import verify

app = typer.Typer()


@app.command()
def demo() -> None:
    """演示：两个县的真实小区，从登记到公示。Plays the competitive selection of two counties on real figures."""
    console = Console(width=max(Console().width, 120))
    stages = show.Stages(console)
    console.rule("旧改 Jiugai：竞争比选演示 a competitive selection, played")
    with stage.own_database():
        log = embedded.data_folder() / "demo.log"
        with stage.programs(log) as address:
            console.print(f"[dim]接口 API {address}，日志 log {log}[/dim]")
            admin = sign_in(address, "demo.admin", stage.make_admin(), "演示管理员")
            plays = [CountyPlay(address, admin, county) for county in (fenggang(), quanjiao())]
            for play in plays:
                console.rule(f"{play.county.name} {play.county.year}（细则 {play.county.policy}）")
                residents = Residents(play, stage.pass_time) if play.county.has_roll else None
                _play(stages, play, residents)
                if residents is not None:
                    show.residents(console, residents)
            sequels = [Sequel(play, stage.end_notice) for play in plays if play.county.has_sequel]
            for sequel in sequels:
                console.rule(f"{sequel.play.county.name}：异议、计划、增补与下一年 what follows")
                _follow(stages, sequel)
            for play in plays:
                console.rule(play.county.name)
                if play.county.report is not None:
                    show.discrepancies(console, play.played)
                show.ranking(console, play.played)
                show.points(console, play.played)
                console.print(
                    f"[green]✓[/green] 复核 verified：{len(play.played.bundle):,} 字节，与引擎无共用代码，逐项一致"
                )
            for sequel in sequels:
                console.rule(f"{sequel.play.county.name}：计划与下一年 the plan and the next year")
                show.plan(console, sequel)
                show.next_year(console, sequel)
        audited = asyncio.run(_audit())
        console.print(f"[green]✓[/green] 审计链 audit chain：{audited}")
    stages.summary()


def _play(stages: show.Stages, play: CountyPlay, residents: Residents | None) -> None:
    stages.step("管理员 admin", "任命经办人，县里增设街道社区", play.appoint)
    stages.step("社区 community", "摸底登记小区与事实", play.survey_stock)
    if play.county.has_roll:
        stages.step("社区与后台 community and worker", "导入房屋与业主名册", partial(enter_rolls, play))
    if play.county.report is not None:
        stages.step("区县 district", "录入印发的报告，核对合计", play.file_report)
    stages.step("街道 street", "编制方案、登记表决与调查、申报", play.propose)
    if residents is not None:
        stages.console.print(
            "[yellow]演示不等各次公示与表决的期限：在演示自己的库里把它们改早"
            "（only in the demonstration's own database notices and voting are over at once）[/yellow]"
        )
        stages.step("街道两人 two of the street", "逐户意愿调查，计数替换登记", residents.survey)
        stages.step("街道与业主 street and owners", "每个项目两次业主表决", residents.vote)
        stages.step("社区、网格员、业委会 community", "三轮征询，到最后一户", residents.consult)
    stages.step("区县 district", "记录“原则上”条件的例外", play.except_gates)
    stages.step("区县与后台 district and worker", "开轮、冻结事实、打分排序", play.compete)
    stages.step("市 city", "公示，取复核包", play.publish)
    stages.step("任何人 anybody", "用另一套程序复核", lambda: _verified(play.played.bundle))


def _follow(stages: show.Stages, sequel: Sequel) -> None:
    stages.step("街道与区县 street and district", "公示期内异议成立，改正事实，重排重公示", sequel.correct)
    stages.console.print(
        "[yellow]演示不等五个工作日：下一步先把演示自己的库里这次公示的日期改早三十天"
        "（only in the demonstration's own database the publication is dated thirty days back）[/yellow]"
    )
    stages.step("市 city", "公示期满，确认年度计划", sequel.confirm)
    stages.step("区县与市 district and city", "突发情况退出一个，增补一个", sequel.replace)
    stages.step("街道 street", "落选项目完善方案，再次申报", sequel.improve)
    stages.step("区县、后台与市 district, worker, city", "下一年再比选，滚动优先", sequel.compete_again)
    for year, bundle in (("重排", sequel.play.played.bundle), ("第二年", sequel.next_bundle)):
        stages.step("任何人 anybody", f"复核{year}", partial(_verified, bundle))


def _verified(bundle: bytes) -> str:
    differences = list(verify(bundle.splitlines(keepends=True)))
    if differences:
        raise Refusal(zh=f"复核不一致：{differences[:3]}", en=f"the bundle does not verify: {differences[:3]}")
    return "逐项一致"


async def _audit() -> str:
    from services.core.kit import audit
    from services.core.kit.database import create_engine
    from services.core.kit.settings import load

    engine = create_engine(load(), application="jiugai-demo", pool_size=1)
    try:
        async with engine.connect() as connection:
            checked = [wrong async for _, wrong in audit.verify(connection)]
    finally:
        await engine.dispose()
    if any(checked):
        raise Refusal(zh=f"审计链有误：{checked}", en=f"the audit chain is broken: {checked}")
    return f"{len(checked)} 批，完好"
