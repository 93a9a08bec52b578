"""REG6xx, the lists in LocalAI's Go code: facts from contract 11.1 and the guide's "Importer integration"."""

from __future__ import annotations

from newbackend.findings import Confidence, Rule, Severity
from newbackend.rules.texts.checklist import ENGINE_RANK, IMPORTABLE, SYNTAX, USECASES

_GO_BROKEN = "LocalAI does not compile, and no rule can see which backends the list names."


def _unreadable(id_: str, name: str, what: str, bad: str, good: str) -> Rule:
    return Rule(
        id=id_,
        name=name,
        severity=Severity.ERROR,
        what=what,
        why=_GO_BROKEN,
        how="Repair the line that the message names; `go vet` shows the same one.",
        bad=bad,
        good=good,
        checklist=SYNTAX,
    )


KNOWN_UNREADABLE = _unreadable(
    "REG600",
    "known-backends-unreadable",
    "`core/http/endpoints/localai/backend.go` is not Go, or `knownPrefOnlyBackends` is not a plain list.",
    '{Name: "demo", Modality: "tts"',
    '{Name: "demo", Modality: "tts"},',
)
IMPORTERS_UNREADABLE = _unreadable(
    "REG607",
    "importers-unreadable",
    "`core/gallery/importers/importers.go` is not Go, or `defaultImporters` is not a plain list.",
    "&DemoImporter{",
    "&DemoImporter{},",
)
CAPABILITIES_UNREADABLE = _unreadable(
    "REG608",
    "capabilities-unreadable",
    "`core/config/backend_capabilities.go` is not Go, or `BackendCapabilities` is not a plain map.",
    '"demo": {',
    '"demo": {},',
)
ENGINES_UNREADABLE = _unreadable(
    "REG609",
    "engine-preference-unreadable",
    "`pkg/system/capabilities.go` is not Go, or `engineNamePreferenceRules` is not a plain list.",
    "{Nvidia, []string{engineDemo}",
    "{Nvidia, []string{engineDemo}},",
)

NOT_IMPORTABLE = Rule(
    id="REG601",
    name="not-importable",
    severity=Severity.WARNING,
    what="Neither an importer nor `knownPrefOnlyBackends` names the backend.",
    why="The import form builds its choice of backends from these two alone, so nobody can import a model for it. "
    "Backends that serve no imported model (vector stores, codecs, proxies, quantization, fine-tuning) are left out.",
    how="Add a line to knownPrefOnlyBackends, an importer where models can be told apart by themselves, or the name "
    "to the AdditionalBackends of the importer whose files it reads.",
    incident="f0c92610a (#9466) made almost all backends importable at once; 2f3dd404b (#11267) mlx-audio.",
    bad="// nothing for demo",
    good='{Name: "demo", Modality: "tts", AutoDetect: false, Description: "demo speech synthesis (preference-only)"},',
    checklist=IMPORTABLE,
)

IMPORTER_UNREGISTERED = Rule(
    id="REG602",
    name="importer-unregistered",
    severity=Severity.ERROR,
    what="An importer is written, and `defaultImporters` does not list it.",
    why="Only what the list has is asked: the importer never sees a model, and its tests pass all the same.",
    how="Add `&DemoImporter{},` to defaultImporters, in front of the more general ones.",
    bad="type DemoImporter struct{}        // not in defaultImporters",
    good="var defaultImporters = []Importer{\n\t&DemoImporter{},",
    checklist=IMPORTABLE,
)

CAPABILITY_MISSING = Rule(
    id="REG603",
    name="capability-missing",
    severity=Severity.WARNING,
    what="`BackendCapabilities` has no entry for the backend.",
    why="It is never tried for a GGUF without a backend, its models are hidden by the usecase filters unless they "
    "declare known_usecases themselves, and the UI refuses voice cloning.",
    how="Add an entry with the RPCs that it serves and the usecases that its models may have.",
    incident="1bdd3338a (#10107) registered five missing backends at once, baa11133f (#10106) parakeet-cpp, "
    "ef80a0e82 (#10110) insightface and speaker-recognition.",
    bad="// nothing for demo",
    good='"demo": {\n\tGRPCMethods:      []GRPCMethod{MethodTTS},\n\tPossibleUsecases: []string{UsecaseTTS},\n'
    "\tDefaultUsecases:  []string{UsecaseTTS},\n},",
    checklist=USECASES,
)

ENGINE_UNKNOWN = Rule(
    id="REG604",
    name="engine-preference-unknown",
    severity=Severity.WARNING,
    what="`engineNamePreferenceRules` ranks an engine whose name no backend contains, or an engine constant that it "
    "does not rank is declared.",
    why="The table is matched against backend names; a token of another vocabulary (cuda, rocm, mtp) matches nothing "
    "and says nothing, so the preference does not exist.",
    how="Use the backend's name, or move the token to the table of its vocabulary.",
    incident="The guide: putting a token in the wrong table matches nothing and does not error.",
    bad='const engineDemo = "demo-cuda"',
    good='const engineDemo = "demo"',
    checklist=ENGINE_RANK,
)

IMPORTER_SHADOWED = Rule(
    id="REG605",
    name="importer-shadowed",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="An importer of .gguf files stands behind LlamaCPPImporter in `defaultImporters`.",
    why="The first match wins, and LlamaCPPImporter takes every .gguf: the models are imported for llama-cpp, which "
    "cannot load them.",
    how="Move the importer in front of LlamaCPPImporter.",
    incident="The guide: registration order is the single most common source of bugs.",
    bad="&LlamaCPPImporter{},\n&DemoImporter{},        // looks for .gguf",
    good="&DemoImporter{},\n&LlamaCPPImporter{},",
    checklist=IMPORTABLE,
)

REGISTRY_LEFTOVER = Rule(
    id="REG606",
    name="registry-leftover",
    severity=Severity.ERROR,
    what="An importer, its drop-in list or `knownPrefOnlyBackends` offers a backend that does not exist; a note when "
    "only `BackendCapabilities` names it.",
    why="The form offers it and the import succeeds, but no such backend can be installed.",
    how="Take the entry out, with the importer and its test.",
    incident="bark was removed by 26a374b71 (#8207) and its importer still claims every suno/bark repository.",
    bad='{Name: "removed", Modality: "tts", AutoDetect: false, Description: "…"},',
    good="// no line for a backend that is gone",
    checklist=IMPORTABLE,
)

DROP_IN_REFUSED = Rule(
    id="REG610",
    name="drop-in-not-let-through",
    severity=Severity.ERROR,
    confidence=Confidence.LIKELY,
    what="An importer offers a drop-in backend, and its own code, which looks for the other drop-ins by name, does not "
    "know it.",
    why="The form offers the choice and the importer does not act on it: the import is refused, or the model is "
    "imported for the importer's own backend.",
    how="Add the name wherever the importer's Match and Import list the others.",
    incident="4baa36ddd (#11100) had to put vllm-cpp into llama-cpp's list and into its switch.",
    bad='AdditionalBackends: {Name: "demo", …}, {Name: "other", …}\ncase "other":',
    good='AdditionalBackends: {Name: "demo", …}, {Name: "other", …}\ncase "other", "demo":',
    checklist=IMPORTABLE,
)

IMPORTER_UNDECLARED = Rule(
    id="REG611",
    name="importer-undeclared",
    severity=Severity.ERROR,
    what="`defaultImporters` lists an importer type that no file of core/gallery/importers declares.",
    why="LocalAI does not compile: usually the importer's file was never added to git.",
    how="Add the file that declares the type, or take the line out.",
    bad="&DemoImporter{},        // and no core/gallery/importers/demo.go",
    good="type DemoImporter struct{}",
    checklist=IMPORTABLE,
)
