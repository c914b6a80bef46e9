"""Which function reads an expression and which runs a statement: the two tables of the pass, by the class of the node.

What has no entry is not known to the pass: such an expression is `Unknown`, such a statement is passed over. Most of
them are syntax that the compiler refuses and the rules judge.
"""

from __future__ import annotations

import ast

from scriptkit.language.inference import (
    arithmetic,
    branches,
    calls,
    comparisons,
    contexts,
    expressions,
    literals,
    loops,
    statements,
    subscripts,
)
from scriptkit.language.inference.body import Handlers

HANDLERS = Handlers(
    expressions={
        ast.Attribute: expressions.read_attribute,
        ast.BinOp: arithmetic.read_binary,
        ast.BoolOp: comparisons.read_and_or,
        ast.Call: calls.read_call,
        ast.Compare: comparisons.read_comparison,
        ast.Constant: expressions.read_constant,
        ast.Dict: literals.read_dict,
        ast.DictComp: literals.read_dict_comprehension,
        ast.GeneratorExp: literals.read_list_comprehension,
        ast.IfExp: expressions.read_ternary,
        ast.JoinedStr: expressions.read_f_string,
        ast.List: literals.read_list,
        ast.ListComp: literals.read_list_comprehension,
        ast.Name: expressions.read_name,
        ast.NamedExpr: expressions.read_walrus,
        ast.Starred: expressions.read_starred,
        ast.Subscript: subscripts.read_subscript,
        ast.Tuple: literals.read_tuple,
        ast.UnaryOp: arithmetic.read_unary,
    },
    statements={
        ast.AnnAssign: statements.run_annotated_assignment,
        ast.Assert: statements.run_assert,
        ast.Assign: statements.run_assignment,
        ast.AsyncFunctionDef: statements.run_definition,
        ast.AugAssign: statements.run_augmented_assignment,
        ast.Break: loops.run_break,
        ast.ClassDef: statements.run_definition,
        ast.Continue: loops.run_continue,
        ast.Delete: statements.run_delete,
        ast.Expr: statements.run_expression,
        ast.For: loops.run_for,
        ast.FunctionDef: statements.run_definition,
        ast.If: branches.run_if,
        ast.Import: statements.run_import,
        ast.ImportFrom: statements.run_import,
        ast.Match: statements.run_match,
        ast.Raise: statements.run_raise,
        ast.Return: statements.run_return,
        ast.Try: statements.run_try,
        ast.While: loops.run_while,
        ast.With: contexts.run_with,
    },
)
