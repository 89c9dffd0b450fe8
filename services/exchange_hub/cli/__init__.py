"""The ``hub`` command: a table of subcommands, each loaded when it is used."""

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

#: Subcommand → (module, attribute, what it does). The README's table is tested against it.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "up": ("exchange_hub.cli.up", "up", "Run the whole hub on this machine until Ctrl-C."),
    "worker": ("exchange_hub.cli.processes", "worker", "Run one Faust worker that fills the views."),
    "relay": ("exchange_hub.cli.processes", "relay", "Publish receipts to the bureaus' receipt topics."),
    "migrate": ("exchange_hub.cli.housekeeping", "migrate", "Bring the store's schema to this version."),
    "database": ("exchange_hub.cli.database", "database", "Print the SQL of the roles of workers and readers."),
    "certificate": ("exchange_hub.cli.certificate", "certificate", "Make a certificate for listeners that leave the machine."),
    "console": ("exchange_hub.cli.console", "console", "Serve the console and the API."),
    "connect": ("exchange_connectors.cli", "connect", "运行本单位的 Excel 投放文件夹。"),
    "publish": ("exchange_connectors.cli", "publish", "发布 JSON Lines 中的事件。"),
    "close": ("exchange_hub.cli.months", "close", "月度结账：清单和数字从此不变。"),
    "report": ("exchange_hub.cli.reporting", "report", "生成已结账月份的专报。"),
    "diff": ("exchange_hub.cli.months", "diff", "说明已结账月份此后的变动。"),
    "demo": ("exchange_hub.cli.demo", "demo", "Run the sample district from workbooks to reports."),
    "rebuild": ("exchange_hub.cli.rebuild", "rebuild", "Rebuild lists in a shadow schema, compare, swap."),
    "list": ("exchange_hub.cli.lists", "list_", "查看一张清单。"),
    "findings": ("exchange_hub.cli.reviews", "findings", "查看待核实线索。"),
    "deadlines": ("exchange_hub.cli.reviews", "deadlines", "查看尚须出台的文件及剩余工作日。"),
    "receipts": ("exchange_hub.cli.reviews", "receipts", "查看退回的记录和暂缓的事件。"),
    "config": ("exchange_hub.cli.configuration", "config", "Show every setting with value, default and source."),
    "rules": ("exchange_hub.cli.configuration", "rules", "Check precedence, calendar and duties of the district."),
    "bureau": ("exchange_hub.cli.bureaus", "bureau", "Add a bureau to the district; make, change and remove its user of Kafka."),
    "doctor": ("exchange_hub.cli.doctor", "doctor", "Check this installation and say what to do."),
    "catalogue": ("exchange_hub.cli.catalogue", "catalogue", "数据资源目录：清单和契约的字段、共享属性、更新周期。"),
    "suggestions": ("exchange_hub.cli.suggestions", "suggestions_", "供需对接建议：清单内企业的产品对照尚未对接的新设备。"),
    "checks": ("exchange_hub.cli.checks", "checks_", "申报条件核对表：逐项答是、否或无法判断。"),
    "clean": ("exchange_hub.cli.housekeeping", "clean", "Remove the hub's own data and caches; asks before data."),
    "contracts": ("exchange_hub.cli.contracts", "contracts", "Check, list and document the event contracts."),
    "export": ("exchange_hub.cli.handover", "export", "把清单、数字、契约和基础数据打包移交。"),
    "backup": ("exchange_hub.cli.backup", "backup", "Back up the database with its positions, and the district."),
    "restore": ("exchange_hub.cli.backup", "restore", "Restore a backup; workers catch up from Kafka."),
    "trace": ("exchange_hub.cli.tracing", "trace", "把数字、行或事件打开到原表单元格。"),
}


#: What a full disk, a quota, a limit or a broken device says.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _Lazy(click.Group):
    """A group that imports a subcommand's module only when the subcommand runs."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command; output that cannot be written is a failure in words, also where only its last bytes cannot."""
        try:
            try:
                return super().main(*args, **extra)
            finally:
                sys.stdout.flush()
        except OSError as error:
            if error.errno not in _UNWRITABLE:
                raise
            # What is still in the buffer would fail once more when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            click.echo(f"Error: the output could not be written: {error.strerror}", err=True)
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            command: Any = getattr(import_module(entry[0]), entry[1])
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("exchange_"):
                raise
            raise click.ClickException(
                f"`hub {cmd_name}` needs the package {error.name}: install exchange-hub with its extras [hub,embedded]"
            ) from error
        return command  # type: ignore[no-any-return]  # the table names commands only

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in sorted(COMMANDS)])


def _version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    from exchange_contracts import registry

    click.echo(f"exchange-hub {version('exchange-hub')} (contracts {registry.load().digest[:12]})")
    ctx.exit()


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def main() -> None:
    """The event-driven data exchange hub between the bureaus of a district."""
