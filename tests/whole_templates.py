"""A template that is rendered in a test fails where it names what it is not given, whichever branch
is taken: each rendering of a page or a mail answers for all of it."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, Template, meta, nodes

_named: dict[str, frozenset[str]] = {}
_set_over: dict[str, frozenset[str]] = {}


class WholeTemplate(Template):
    def render(self, *args: Any, **kwargs: Any) -> str:
        given = dict(*args, **kwargs)
        if self.name is not None:
            missing = names_of(self.environment, self.name) - given.keys() - self.globals.keys()
            assert not missing, f"{self.name} names {sorted(missing)}, and is not given it"
            lost = set_over(self.environment, self.name) & given.keys()
            assert not lost, f"{self.name} is given {sorted(lost)}, and sets it to something else"
        return super().render(given)


def use_whole_templates(environment: Environment) -> None:
    environment.template_class = WholeTemplate


def names_of(environment: Environment, template: str) -> frozenset[str]:
    """What a template takes from its caller, with all that it extends and includes."""
    if template not in _named:
        parsed = environment.parse(environment.loader.get_source(environment, template)[0])
        names = set(meta.find_undeclared_variables(parsed))
        for part in parsed.find_all((nodes.Extends, nodes.Include)):
            if isinstance(part.template, nodes.Const):  # else its name is known only when rendered
                names |= names_of(environment, part.template.value)
        _named[template] = frozenset(names - _own_names(parsed))
    return _named[template]


def set_over(environment: Environment, template: str) -> frozenset[str]:
    """What a template both takes from its caller and sets by itself: below an `if`, too, what it
    was given is lost from there on."""
    if template not in _set_over:
        parsed = environment.parse(environment.loader.get_source(environment, template)[0])
        sets = parsed.find_all((nodes.Assign, nodes.AssignBlock))
        own = {each.target.name for each in sets if isinstance(each.target, nodes.Name)}
        _set_over[template] = frozenset(own & meta.find_undeclared_variables(parsed))
    return _set_over[template]


def _own_names(parsed: nodes.Template) -> set[str]:
    """What a template imports and sets for itself: a block does not see that as declared."""
    imported = (name for each in parsed.find_all(nodes.FromImport) for name in each.names)
    return {
        *(name if isinstance(name, str) else name[1] for name in imported),
        *(each.name for each in parsed.find_all(nodes.Macro)),
        *(each.name for each in parsed.find_all(nodes.Name) if each.ctx == "store"),
    }
