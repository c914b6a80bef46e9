"""What the help of each rule proposes, done: replacements in the rule's own examples, by rule and number of the example.

One for each kind of help a rule gives. `test_every_help.py` applies them.
"""

# ruff: noqa: E501 - a program of a few lines is easier to read as one text

from __future__ import annotations

Replacements = tuple[tuple[str, str], ...]

REPAIRS: dict[str, dict[int, Replacements]] = {
    "attribute-undefined": {
        0: (
            ("class Model(nn.Module):\n", "class Model(nn.Module):\n    last: Optional[Tensor]\n\n"),
            ("self.scale = 2.0", "self.scale = 2.0\n        self.last = None"),
        )
    },
    "attribute-conditionally-defined": {
        0: (
            (
                "            self.merge = nn.Linear(2, 2)",
                "            self.merge = nn.Linear(2, 2)\n        else:\n            self.merge = None",
            ),
            ("if self.has_merge:", "if self.merge is not None:"),
        )
    },
    "attribute-assign-type": {0: (("self.total = 0\n", "self.total = 0.0\n"),)},
    "callable-attribute": {0: (("self.acts = [F.relu, F.gelu]", "self.acts = nn.ModuleList([nn.ReLU(), nn.GELU()])"),)},
    "modules-in-python-container": {0: (("[nn.Linear(2, 2)]", "nn.ModuleList([nn.Linear(2, 2)])"),)},
    "attribute-unsupported-type": {
        0: (("self.mean = np.zeros(2)", 'self.register_buffer("mean", torch.from_numpy(np.zeros(2)))'),),
        1: (("{1, 2}", "[1, 2]"),),
        2: (("self.config = Config()", "self.k = Config().k"), ("self.config.k", "self.k")),
        3: (
            ("self.config = types.SimpleNamespace(k=2)", "self.k = types.SimpleNamespace(k=2).k"),
            ("self.config.k", "self.k"),
        ),
    },
    "empty-attribute-untyped": {
        0: (("class Model(nn.Module):\n", "class Model(nn.Module):\n    prev: Optional[Tensor]\n\n"),)
    },
    "class-attribute": {0: (("scale = 2.0", "scale: Final = 2.0"),)},
    "inherited-annotation-lost": {0: (("steps: int", "steps: int\n    history: List[int]"),)},
    "final-reassigned": {0: (("step: Final[int]", "step: int"),)},
    "final-constant-bad-value": {0: (("sizes: Final[Dict[str, int]]", "sizes: Dict[str, int]"),)},
    "final-declared-in-init": {
        0: (
            ("self.last: Final[int] = 1", "self.last = 1"),
            ("class Model(nn.Module):\n", "class Model(nn.Module):\n    last: Final[int]\n\n"),
        )
    },
    "attribute-not-constant": {
        0: (("class Model(nn.Module):\n", "class Model(nn.Module):\n    has_skip: Final[bool]\n\n"),)
    },
    "submodule-annotation": {
        0: (("    fc: nn.Module\n", ""), ("self.fc = nn.Linear(2, 2)", "self.fc: nn.Module = nn.Linear(2, 2)"))
    },
    "string-annotation": {0: (('"List[int]"', "List[int]"),)},
    "future-annotations-attribute": {0: (("from __future__ import annotations\n", ""),)},
    "future-annotations": {0: (("from __future__ import annotations\n", ""),)},
    "optional-attribute-not-refined": {
        0: (
            ("if self.bias is not None:", "bias = self.bias\n        if bias is not None:"),
            ("x = x + self.bias", "x = x + bias"),
        )
    },
    "optional-not-refined": {
        0: (("return x * mask", "if mask is not None:\n            x = x * mask\n        return x"),)
    },
    "optional-element-not-refined": {
        0: (
            ("if xs[0] is not None:", "element = xs[0]\n        if element is not None:"),
            ("return xs[0] + 1", "return element + 1"),
        )
    },
    "implicit-bool-of-none-or-module": {0: (("if self.down:", "if self.down is not None:"),)},
    "eq-none": {0: (("mask == None", "mask is None"),)},
    "maybe-undefined-variable": {0: (("if k > 1:", "y = x\n        if k > 1:"),)},
    "undefined-name": {
        0: (("if TYPE_CHECKING:\n    import math", "import math"),),
        1: (("class Model", "missing: Final = 2.0\n\n\nclass Model"), ("x * missing", "x * 2.0")),
    },
    "reassign-changes-type": {0: (("score = 'a'", "score_str = 'a'"),)},
    "annotation-mismatch": {0: (("y: float = 1", "y: float = float(1)"),)},
    "reannotated-variable": {0: (("y: int = 2", "y = 2"),)},
    "branch-types-differ": {0: (("y = 0\n", "y = 0.0\n"),), 1: (("else (1,)", "else [1]"),)},
    "return-type-mismatch": {0: (("return x.size(0)", "return float(x.size(0))"),)},
    "return-types-differ": {0: (("k: int):", "k: int) -> Union[Tensor, int]:"),)},
    "missing-return-path": {0: (("            return x\n", "            return x\n        return x * 2\n"),)},
    "invariance": {0: (('out = {"y": x}', 'out: Dict[str, Optional[Tensor]] = {"y": x}'),)},
    "tuple-list-mix": {0: (("size = [2, 3]", "size = (2, 3)"),)},
    "empty-container-untyped": {0: (("sizes = []", "sizes: List[int] = []"),)},
    "container-element-mismatch": {0: (("append(x.size(0))", "append(float(x.size(0)))"),)},
    "dict-key-type": {0: (("Dict[Tuple[int, int], Tensor] = {}", 'Dict[str, Tensor] = {f"{1},{2}": x}'),)},
    "tuple-index-not-constant": {
        0: (("class Model(nn.Module):\n", "class Model(nn.Module):\n    start: Final[int]\n\n"),),
        1: (("(x, 2)", "[x, x * 2]"), ("pair[k]", "pair[k - 1]")),
    },
    "tuple-index-out-of-range": {0: (("pair[2]", "pair[1]"),)},
    "index-forms": {
        0: (("x * n[0]", "x * n"),),
        1: (("sizes[:1] = [1]", "sizes[0] = 1"), ("x.view(sizes)", "x.sum() * sizes[0]")),
    },
    "index-with-tuple-variable": {0: (("x[where]", "x[where[0], where[1]]"),)},
    "not-iterable": {0: (("for i in x.size(0):", "for i in range(x.size(0)):"),)},
    "tensor-unpack": {0: (("a, b = x\n", "a, b = x.unbind(0)\n"),), 2: (("a, b = (x, x, x)", "a, b, _ = (x, x, x)"),)},
    "starred-unpack-of-list": {0: (("first, *rest = x.shape", "first, rest = x.shape[0], x.shape[1:]"),)},
    "any-typed-value": {0: (("return x * y", "if isinstance(y, float):\n            x = x * y\n        return x"),)},
    "operator-types": {
        0: (('"-" * n', '"".join(["-" for _ in range(n)])'),),
        1: (("~n", "(-n - 1)"),),
        2: (("return a | b", "both = dict(a)\n        both.update(b)\n        return both"),),
    },
    "int-pow": {0: (("2 ** n", "int(2 ** n)"),)},
    "object-attribute": {0: (("name.casefold()", "name.lower()"),)},
    "unsupported-tensor-method": {
        0: (("x.bool()", "x.to(torch.bool)"),),
        1: (("x.new_tensor([1.0, 2.0])", "torch.tensor([1.0, 2.0], dtype=x.dtype, device=x.device)"),),
        2: (("y = x.numpy()", "y = x.detach()"),),
    },
    "dtype-handling": {0: (("x.dtype.is_floating_point", "x.is_floating_point()"),)},
    "tolist-needs-annotation": {0: (("sizes = x.long().tolist()", "sizes: List[int] = x[0].long().tolist()"),)},
    "tensor-constructor": {0: (("torch.tensor([", "torch.stack(["),)},
    "enum-limits": {0: (("Pool(pool) == Pool.MEAN", "pool == Pool.MEAN.value"),)},
    "namedtuple-method": {0: (("pair._replace(b=x + 1)", "Pair(pair.a, x + 1)"),)},
    "int-overflow": {0: (("9223372036854775808", "9223372036854775807"),)},
    "tensor-method-signature": {0: (('x.type("torch.DoubleTensor")', "x.to(torch.float64)"),)},
    "module-list-index": {
        0: (
            (
                "for i in range(2):\n            x = self.blocks[i](x)",
                "for module in self.blocks:\n            x = module(x)",
            ),
        ),
        1: (
            (
                "return self.heads[name](x)",
                "for key, module in self.heads.items():\n            if key == name:\n                x = module(x)\n        return x",
            ),
        ),
    },
    "module-container-slice-call": {0: (("block(x)", "block.forward(x)"),)},
    "module-container-iteration-limits": {
        0: (
            (
                "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])",
                (
                    "self.blocks = nn.ModuleList([nn.ReLU(), nn.ReLU()])\n"
                    "        self.blocks_reversed = nn.ModuleList(list(self.blocks)[::-1])"
                ),
            ),
            ("reversed(self.blocks)", "self.blocks_reversed"),
        )
    },
    "module-container-mutation": {
        0: (
            ("nn.ModuleList([nn.ReLU()])\n        self.act = nn.Tanh()", "nn.ModuleList([nn.ReLU(), nn.Tanh()])"),
            ("        self.blocks.append(self.act)\n", ""),
        )
    },
    "module-container-method": {
        0: (
            (
                'head = self.heads.get("a")',
                'for key, head in self.heads.items():\n            if key == "a":\n                x = head(x)',
            ),
        )
    },
    "parameter-container": {
        0: (
            (
                "for i in range(2):\n            x = x * self.weights[i]",
                "for parameter in self.weights:\n            x = x * parameter",
            ),
        )
    },
    "module-as-value": {
        0: (("for act in [self.a]:\n            x = act(x)", "x = self.a(x)"),),
        1: (("x = act(x)", "x = act.forward(x)"),),
    },
    "module-argument": {
        0: (
            (
                "def twice(layer: nn.Linear, x: Tensor) -> Tensor:\n    return layer(x)",
                "def twice(x: Tensor) -> Tensor:\n    return x",
            ),
            ("twice(self.fc, x)", "twice(self.fc(x))"),
        )
    },
    "module-created-in-forward": {
        0: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.softplus = nn.Softplus()\n\n",
            ),
            ("nn.Softplus()(x)", "self.softplus(x)"),
        )
    },
    "module-introspection": {
        0: (
            (
                "for p in self.parameters():\n            x = x + p.sum()",
                "x = x + self.fc.weight.sum() + self.fc.bias.sum()",
            ),
        ),
        1: (("        self.eval()\n", ""), ("nn.Linear(2, 2)\n", "nn.Linear(2, 2)\n        self.eval()\n")),
    },
    "module-not-callable": {
        0: (("return self.blocks(x)", "for block in self.blocks:\n            x = block(x)\n        return x"),)
    },
    "break-in-unrolled-loop": {
        0: (
            (
                "for block in self.blocks:\n            x = block(x)\n            if x.sum() > 100:\n                break",
                "is_left = False\n        for block in self.blocks:\n            if not is_left:\n                x = block(x)\n                if x.sum() > 100:\n                    is_left = True",
            ),
        )
    },
    "zip-modulelist-with-dynamic-list": {
        0: (
            (
                "for block, x in zip(self.blocks, xs):\n",
                "for i, block in enumerate(self.blocks):\n            x = xs[i]\n",
            ),
        )
    },
    "unused-method": {
        0: (
            (
                "return self.log(x)",
                "if not torch.jit.is_scripting():\n            return self.log(x)\n        return x",
            ),
        )
    },
    "data-parallel": {0: (("nn.DataParallel(nn.Linear(2, 2))", "nn.Linear(2, 2)"),)},
    "parametrized-module": {
        0: (
            (
                "        self.fc = parametrizations.weight_norm(nn.Linear(2, 2))",
                (
                    "        self.fc = parametrizations.weight_norm(nn.Linear(2, 2))\n"
                    '        torch.nn.utils.parametrize.remove_parametrizations(self.fc, "weight")'
                ),
            ),
        )
    },
    "lazy-module": {0: (("nn.LazyLinear(2)", "nn.Linear(2, 2)"),)},
    "forward-hook": {
        0: (
            (
                "class Model",
                "def doubled(m: nn.Linear, i: Tuple[Tensor], o: Tensor) -> Tensor:\n    return o * 2\n\n\nclass Model",
            ),
            ("lambda m, i, o: o * 2", "doubled"),
        )
    },
    "varargs-definition": {
        0: (("*xs: Tensor", "xs: List[Tensor]"),),
        1: (("**options: Any", "scale: Optional[float] = None"),),
    },
    "kwonly-default": {0: (("*, scale", "scale"),)},
    "positional-only-parameter": {0: (("x: Tensor, /, k", "x: Tensor, k"),)},
    "mutable-default": {
        0: (
            ("sizes: List[int] = [1, 2]", "sizes: Optional[List[int]] = None"),
            ("return x * sizes[0]", "if sizes is None:\n            sizes = [1, 2]\n        return x * sizes[0]"),
        )
    },
    "default-arg-none-not-optional": {0: (("sizes: List[int] = None", "sizes: Optional[List[int]] = None"),)},
    "unannotated-param-not-tensor": {
        0: (("times=2", "times: int = 2"),),
        2: (("mask=None", "mask: Optional[Tensor] = None"),),
    },
    "unsupported-annotation": {0: (("Sequence[Tensor]", "List[Tensor]"),), 1: (('Literal["sum"]', "str"),)},
    "malformed-annotation": {0: (("Dict[int: Tensor]", "Dict[int, Tensor]"),)},
    "super-call": {
        0: (
            (
                "class Base(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x * 2",
                "class Base(nn.Module):\n    def doubled(self, x: Tensor) -> Tensor:\n        return x * 2",
            ),
            ("super().forward(x)", "self.doubled(x)"),
        )
    },
    "base-method-call": {
        0: (
            (
                "class Base(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x * 2",
                "class Base(nn.Module):\n    def doubled(self, x: Tensor) -> Tensor:\n        return x * 2",
            ),
            ("Base.forward(self, x)", "self.doubled(x)"),
        )
    },
    "decorated-method": {0: (("    @doubled\n", ""), ("return x + 1", "return (x + 1) * 2"))},
    "no-grad-decorator": {
        0: (
            ("    @torch.no_grad()\n", ""),
            (
                "doubled = x * 2\n        return doubled",
                "with torch.no_grad():\n            doubled = x * 2\n        return doubled.detach()",
            ),
        )
    },
    "recursion": {
        0: (
            (
                "if n == 0:\n            return x\n        return self.down(x * n, n - 1)",
                "while n > 0:\n            x = x * n\n            n = n - 1\n        return x",
            ),
        )
    },
    "third-party-call": {
        0: (("counts = np.histogram(x)", "counts = torch.histc(x)"),),
        1: (("random.random()", "torch.rand(1)"),),
        2: (("x * time.time()", "x"),),
    },
    "unsupported-builtin": {
        0: (("list(map(int, x.shape))", "[int(n) for n in x.shape]"),),
        1: (
            (
                "sizes = list(filter(None, x.shape))",
                "sizes: List[int] = []\n        for n in x.shape:\n            if n != 0:\n                sizes.append(n)",
            ),
        ),
    },
    "builtin-signature": {0: (("sum(xs)", "torch.stack(xs).sum(0)"),)},
    "unsupported-torch-function": {
        0: (("torch.is_tensor(x)", "isinstance(x, Tensor)"),),
        1: (
            (
                "return checkpoint(self.fc, x)",
                "if torch.jit.is_scripting():\n            return self.fc(x)\n        else:\n            return checkpoint(self.fc, x, use_reentrant=False)",
            ),
        ),
    },
    "legacy-tensor-constructor": {0: (("torch.Tensor([1.0, 2.0])", "torch.tensor([1.0, 2.0])"),)},
    "unsupported-container": {0: (("groups = defaultdict(list)", "groups: Dict[str, List[int]] = {}"),)},
    "call-unknown-kwarg": {0: (("axis=1", "dim=1"),)},
    "argument-count": {0: (("scaled(x)", "scaled(x, 2.0)"),), 1: (("scaled(x, 2.0, 3.0)", "scaled(x, 2.0)"),)},
    "argument-type-mismatch": {0: (("scaled(x, n)", "scaled(x, float(n))"),)},
    "no-matching-overload": {0: (('torch.sum("a")', "torch.sum(x)"),)},
    "star-args-call": {0: (("x.permute(*dims)", "x.permute(dims)"),)},
    "callable-argument": {0: (("self.scaled(x, halve)", "self.scaled(x, halve(x))"),)},
    "value-not-callable": {0: (("x * n(1)", "x * n"),)},
    "range-forms": {
        0: (("range(steps)", "range(int(steps))"),),
        1: (
            (
                "steps = range(3)\n        return x * len(steps)",
                "count = 0\n        for i in range(3):\n            count += 1\n        return x * count",
            ),
        ),
    },
    "isinstance-forms": {0: (("isinstance(y, KINDS)", "isinstance(y, (int, float))"),)},
    "with-statement": {
        0: (
            (
                "with torch.set_grad_enabled(grad):\n            y = x * 2",
                "if grad:\n            y = x * 2\n        else:\n            with torch.no_grad():\n                y = x * 2",
            ),
        ),
        1: (("with contextlib.nullcontext():\n            y = x * 2", "y = x * 2"),),
    },
    "generic-function": {0: (("xs: List[T]) -> T", "xs: List[Tensor]) -> Tensor"),)},
    "global-constant": {
        0: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.scale = SCALE\n\n",
            ),
            ("x * SCALE", "x * self.scale"),
        )
    },
    "global-variable-capture": {
        0: (
            (
                "class Model(nn.Module):\n",
                'class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.register_buffer("weight", WEIGHT)\n\n',
            ),
            ("x * WEIGHT", "x * self.weight"),
        )
    },
    "dataclass": {0: (("@dataclass\nclass Out", "@torch.jit.script\n@dataclass\nclass Out"),)},
    "dataclass-limits": {0: ((" = field(default_factory=list)", ""),)},
    "script-class-limits": {
        2: (('@deprecated("use torch.mul")\n', ""), ("from typing_extensions import deprecated\n", "")),
        0: (("self.n = 0", "self.n = 0\n        self.last = 0"),),
        1: (("self, k)", "self, k: float)"),),
    },
    "script-class-not-instance": {
        0: (("made = Net", "made = Net()"), ("torch.jit.script(Net)", "torch.jit.script(Net())"))
    },
    "dunder-call": {
        0: (("def __len__(self)", "@torch.jit.export\n    def count(self)"), ("len(self.bank)", "self.bank.count()")),
        1: (
            (
                "super().__init__([nn.ReLU(), nn.Tanh()])",
                "super().__init__([nn.ReLU(), nn.Tanh()])\n        self.count = len(self)",
            ),
            ("x / len(self)", "x / self.count"),
        ),
    },
    "walrus": {0: (("if (n := x.size(0)) > 1:", "n = x.size(0)\n        if n > 1:"),)},
    "lambda-expression": {
        0: (
            ("class Model", "def halve(t: Tensor) -> Tensor:\n    return t / 2\n\n\nclass Model"),
            ("        halve = lambda t: t / 2\n", ""),
        )
    },
    "try-statement": {
        0: (
            (
                "try:\n            return x / x.numel()\n        except ZeroDivisionError:\n            return x",
                "if x.numel() == 0:\n            return x\n        return x / x.numel()",
            ),
        )
    },
    "nested-function": {
        0: (
            ("class Model", "def halve(t: Tensor) -> Tensor:\n    return t / 2\n\n\nclass Model"),
            ("        def halve(t: Tensor) -> Tensor:\n            return t / 2\n\n", ""),
        ),
        1: (
            ("        class Half:\n            pass\n\n", ""),
            ("class Model", "class Half:\n    pass\n\n\nclass Model"),
        ),
    },
    "async-function": {0: (("async def", "def"),)},
    "generator-function": {
        0: (
            (
                "x: Tensor):\n        for part in x.unbind(0):\n            yield part / 2",
                "x: Tensor) -> List[Tensor]:\n        made: List[Tensor] = []\n        for part in x.unbind(0):\n            made.append(part / 2)\n        return made",
            ),
        )
    },
    "global-statement": {
        0: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.calls = 0\n\n",
            ),
            ("global calls\n        calls = 1", "self.calls = 1"),
        )
    },
    "local-import": {0: (("        import math\n\n", ""), ("class Model", "import math\n\n\nclass Model"))},
    "match-statement": {
        0: (("match n:\n            case 1:\n                return x", "if n == 1:\n            return x"),)
    },
    "loop-else": {
        0: (
            (
                "for i in range(3):\n            x = x + i\n        else:\n            x = x * 2",
                "is_left = False\n        for i in range(3):\n            x = x + i\n        if not is_left:\n            x = x * 2",
            ),
        )
    },
    "bytes-literal": {0: (('b"PK"', '"PK"'),)},
    "ellipsis-body": {0: (("            ...\n", "            pass\n"),), 1: (("x[...]", "x"),)},
    "comprehension-if": {
        0: (
            (
                "return torch.cat([t for t in xs if t.size(0) > 1])",
                "kept: List[Tensor] = []\n        for t in xs:\n            if t.size(0) > 1:\n                kept.append(t)\n        return torch.cat(kept)",
            ),
        )
    },
    "comprehension-multiple-generators": {
        0: (
            (
                "return torch.stack([x[i, j] for i in range(x.size(0)) for j in range(x.size(1))])",
                "made: List[Tensor] = []\n        for i in range(x.size(0)):\n            for j in range(x.size(1)):\n                made.append(x[i, j])\n        return torch.stack(made)",
            ),
        )
    },
    "generator-expression": {0: (("tuple(n * 2 for n in x.shape)", "[n * 2 for n in x.shape]"),)},
    "dict-expansion": {
        0: (
            (
                'return {**batch, "y": batch["x"]}',
                'made = dict(batch)\n        made["y"] = batch["x"]\n        return made',
            ),
        )
    },
    "kwargs-call": {0: (("x.sum(**options)", 'x.sum(dim=options["dim"])'),)},
    "fstring-format-spec": {0: (("item():.2f}", "item()}"),), 1: (("x.size(0)!r}", "x.size(0)}"),)},
    "unsupported-operator": {0: (("return +x", "return x"),), 1: (("n //= 2", "n = n // 2"),)},
    "declaration-without-value": {0: (("        y: int\n        y = x", "        y: int = x"),)},
    "attribute-annotated-outside-init": {
        0: (
            ("class Model(nn.Module):\n", "class Model(nn.Module):\n    calls: int\n\n"),
            ("self.calls: int = self.calls + 1", "self.calls = self.calls + 1"),
        )
    },
    "reserved-name": {0: (("__jit_scaled", "scaled"),)},
    "print-kwargs": {0: (('print("size", x.size(0), sep="=")', 'print(f"size={x.size(0)}")'),)},
    "bare-raise": {0: (("            raise\n", '            raise RuntimeError("it is empty")\n'),)},
    "setattr-getattr-dynamic": {
        0: (("getattr(self, name)", "self.scale"),),
        1: (('setattr(self, "scale", 3.0)', "self.scale = 3.0"),),
    },
    "return-then-with-block": {
        0: (
            (
                "            return x\n        with torch.no_grad():\n            y = x * 2\n        return y",
                "            return x\n        else:\n            with torch.no_grad():\n                y = x * 2\n            return y",
            ),
        )
    },
    "type-ignore-comment": {0: (("# type: ignore[misc, arg-type]", "# type: ignore[misc]"),)},
    "type-comment-signature": {0: (("# type: of the input is float", "# the type of the input is float"),)},
    "del-statement": {
        0: (("del sizes[0:2]", "sizes = sizes[2:]"),),
        1: (
            ("class Model(nn.Module):\n", "class Model(nn.Module):\n    scale: Optional[float]\n\n"),
            ("del self.scale", "self.scale = None"),
        ),
    },
    "set-type": {0: (("{1, 3}", "[1, 3]"),)},
    "list-expansion": {0: (("[*xs, xs[0]]", "xs + [xs[0]]"),)},
    "str-format-named": {0: (('"{n} rows".format(n=x.size(0))', '"{} rows".format(x.size(0))'),)},
    "bool-list-index": {0: (("x[:, [True, False]]", "x[:, torch.tensor([True, False], device=x.device)]"),)},
    "enum-identity": {0: (("pool is Pool.MEAN", "pool == Pool.MEAN"),)},
    "or-on-non-bool": {0: (("dim or -1", "dim if dim else -1"),)},
    "str-of-value": {0: (('f"{scale}"', '"%f" % scale'),)},
    "tuple-swap-loop": {
        0: (
            (
                "a = torch.zeros(1)\n        b = torch.zeros(1)\n        c = torch.zeros(1)",
                "abc = torch.zeros(3, 1)\n        a, b, c = abc[0], abc[1], abc[2]",
            ),
        )
    },
    "int-wrap": {0: (("1 << 63", "1 << 62"),)},
    "isinstance-abstract-number": {0: (("numbers.Number", "(int, float)"),)},
    "returned-tensor-converted": {0: (("return x.sum()", "return float(x.sum())"),)},
    "zip-strict": {
        0: (
            ("n = 0\n", 'n = 0\n        if len(xs) != len(ys):\n            raise ValueError("other lengths")\n'),
            (", strict=True", ""),
        )
    },
    "number-gets-tensor": {0: (("total = 0.0", "total = torch.zeros(x[0].shape, device=x.device)"),)},
    "list-changed-while-walked": {
        0: (("for n in todo:\n", "i = 0\n        while i < len(todo):\n            n = todo[i]\n            i += 1\n"),)
    },
    "int-for-float": {0: (("self.scale = 2\n", "self.scale = 2.0\n"),)},
    "text-beyond-ascii": {
        0: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.length = len('café')\n\n",
            ),
            ("return len('café')", "return self.length"),
        )
    },
    "number-of-another-type": {0: (("n ** 2", "int(n ** 2)"),)},
    "module-instance-global": {
        0: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.act = act\n\n",
            ),
            ("return act(x)", "return self.act(x)"),
        )
    },
    "python-call": {
        0: (("    @torch.jit.ignore\n", ""),),
        1: (("Doubled.apply(x)", "x * 2"),),
        2: (
            (
                "class Model(nn.Module):\n",
                "class Model(nn.Module):\n    def __init__(self) -> None:\n        super().__init__()\n        self.size = size()\n\n",
            ),
            ("int(size())", "self.size"),
        ),
    },
    "custom-backward": {0: (("Doubled.apply(x)", "x * 2"),)},
    "tensor-on-default-device": {0: (("torch.zeros(3)", "torch.zeros(3, device=x.device)"),)},
}
"""By rule, and by the number of the example in `INVALID`."""
