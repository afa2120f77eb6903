#!/usr/bin/env python3
import click

from readings import read


def bars(readings, width=40):
    top = max(r.kwh for r in readings)
    return ["%s %s" % (r.at.date(), "#" * int(r.kwh / top * width)) for r in readings]


@click.command()
@click.argument("path")
@click.option("--width", default=40)
def main(path, width):
    for line in bars(read(path), width):
        click.echo(line)


if __name__ == "__main__":
    main()
