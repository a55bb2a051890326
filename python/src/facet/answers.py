"""The answers of facet as dataclasses. Generated from package answer by "go generate ./answer": do not edit.

A field that facet may leave out is None then, or an empty list or dict. A field whose name is a word of Python ends with an underscore here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Classification:
    """Classification is the answer of facet classify."""

    #: It says which model answers.
    model: Model
    #: The prompts that each label was put into, {} for the label.
    templates: list[str]
    #: The pictures, in the order in which they were given.
    images: list[ClassifiedImage]
    #: The pictures of datasets that could not be read.
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(kw_only=True)
class ModelComparison:
    """ModelComparison is the answer of facet compare: two checkpoints, or two atlases of the same images, told apart (docs/design.md, 41 to 45)."""

    #: The model before.
    a: Model
    #: The model after.
    b: Model
    #: The atlas by A; absent where checkpoints were compared.
    atlas_a: str | None = None
    #: The atlas by B of the same images.
    atlas_b: str | None = None
    #: It says what the weights alone tell; absent where the architectures differ.
    weights: WeightChange | None = None
    #: What changed in the embeddings of the images; absent for checkpoints, and where the architectures differ.
    difference: EmbeddingChange | None = None
    #: Doing tests which pairs do otherwise; absent where Difference is.
    doing: DoingChange | None = None
    #: The classes of the images, those that changed most first; absent where there are none.
    classes: list[ClassChange] = field(default_factory=list)
    #: Matching pairs the pairs of both models by what they do; absent unless the architectures differ or it was asked for.
    matching: PairMatching | None = None


@dataclass(kw_only=True)
class Demo:
    """Demo is the answer of facet demo: what the demo model sees in some scenes, and the explanation of the first."""

    #: Where the page and its pictures are.
    folder: str
    #: Those of the page.
    scenes: list[DemoScene]
    #: What one neuron says of the first scene through two heads; absent where no neuron does.
    story: DemoStory | None = None
    #: Segmentation divides the first scene into what is drawn in it.
    segmentation: DemoSegmentation
    #: It says what is new in scenes of a later month.
    drift: DemoDrift
    #: It says which model answers.
    model: Model
    #: The picture that was explained.
    image: Image
    #: ‖Σ s·u + b − embedding‖ / ‖embedding‖, over all pairs.
    residual: float
    #: The text whose logit was split; absent where the embedding was.
    text: str | None = None
    #: What was split: 1 for the embedding (⟨e,e⟩/‖e‖²), the logit τ·⟨e,t⟩/‖e‖ for a text.
    total: float
    #: The constant term's part of the total, as a fraction of |total|, signed as shares are.
    bias_share: float
    #: Σ|amount| over the pairs listed / Σ|amount| over all pairs.
    top_share: float
    #: Those of largest |amount|, the largest first.
    pairs: list[Part]
    #: What the groups are measured against; absent where they sum to the total itself.
    against: Against | None = None
    #: It says what the groups are: word, neuron, head, token or pair.
    by: str
    #: What the groups sum to: the total, less that of the baseline.
    groups_total: float
    #: |Σ amounts − groups_total| / Σ|amounts of pairs and constant|: rounding alone.
    groups_residual: float
    #: The parts that pairs of one word add up to, the largest |amount| first, until they cover what was asked for. Unnamed pairs and the constant are always there. The last group, others, holds the rest.
    groups: list[Group]
    #: It says what the intervals of the groups rest on; absent unless they are asked for.
    redrawn: Redrawn | None = None


@dataclass(kw_only=True)
class DemoEvaluation:
    """DemoEvaluation is the answer of facet demo --evaluate."""

    #: It says which model was measured.
    model: Model
    #: Category counts objects that are told from 36; in scenes with one object.
    category: Score
    #: BodyStyle counts road vehicles that are told from 5; in scenes with one object.
    body_style: Score
    #: Colour counts objects whose colour is told from 10; in scenes with one object.
    colour: Score
    #: Background counts backgrounds that are told from 12; in scenes with one object.
    background: Score
    #: Retrieval counts full captions that find their own picture among 256; in scenes with 1 to 4 objects.
    retrieval: Score
    #: The largest relative error of Σ s·u + b against the embedding.
    residual: float
    #: It says how few pairs carry how much of the embedding's variance.
    variance: list[KeptVariance]


@dataclass(kw_only=True)
class Diagnosis:
    """Diagnosis is the answer of facet model doctor."""

    #: The checkpoint's.
    path: str
    #: The checks, in the order in which they were made.
    findings: list[Finding]


@dataclass(kw_only=True)
class Profile:
    """Profile is the answer of facet drift profile and facet drift merge."""

    #: The folder that was written.
    profile: str
    #: How many were summarised.
    images: int
    #: How many files could not be read.
    unread: int
    #: How many pictures came whose content had come before. Each counts once.
    repeated: int
    #: How many images are kept one by one.
    sample: int
    #: How many pairs are compared one by one.
    strong_pairs: int
    #: How many the model has.
    pairs: int
    #: How many of the strong pairs have a label.
    labelled: int
    #: The texts that are followed.
    watched: list[str]
    #: Those of pictures, such as noise, whose direction is known.
    qualities: list[str]


@dataclass(kw_only=True)
class Drift:
    """Drift is the answer of facet drift compare."""

    #: The number of the shape, 2.
    format: int
    #: It says which model answers.
    model: Model
    #: The folder of the profile.
    profile: str
    #: The dataset that is compared with it.
    source: str
    #: It says what parts were made by: group, label, time:year, time:month or time:day.
    by: str | None = None
    #: With how many parts before it each part is compared. It is absent where parts are compared with the profile.
    previous: int | None = None
    #: The expected share of false discoveries among the changed pairs.
    level: float
    #: How many files could not be read.
    unread: int
    #: How many pictures came whose content had come before. Each counts once.
    repeated: int
    #: The result in a sentence: what changed, how sure that is, and how large it is.
    verdict: str
    #: All compares all images.
    all: Comparison
    #: Given compares the images within the values of something. It is absent where that was not asked for.
    given: GivenComparison | None = None
    #: Groups compare the parts of two images and more, in the order of their names.
    groups: list[GroupComparison] = field(default_factory=list)
    #: It says how often the pictures are classified right, where that was asked for.
    performance: Performance | None = None
    #: Watched follow the texts of the profile, and then those that were asked for.
    watched: list[FollowedText] = field(default_factory=list)


@dataclass(kw_only=True)
class EditPrice:
    """EditPrice is the answer of facet edit --dry-run: what an edit costs, in the space of scalars, before anything is written."""

    #: The model that is edited.
    model: Model
    #: The atlas that the means come from.
    means: str
    #: It says how pairs were found for texts; absent where none were looked for.
    rule: str | None = None
    #: Those that change, the strongest first.
    pairs: list[EditedPair]
    #: Pairs that would change but carry a text that is to be kept, the strongest first.
    kept: list[EditedPair]
    #: What is taken out of embeddings, in order.
    erasures: list[Erasure]
    #: It says which pictures are scored, and where the means for it come from.
    scored: str
    #: How many pictures are scored.
    images: int
    #: The zero-shot accuracy of the model as it is.
    before: Share
    #: That of the edited model.
    after: Share
    #: The accuracy when as many pairs of equal strength, drawn at random, are edited in the same way; absent where no pair is edited.
    control: Draws | None = None
    #: The mean cosine of a picture's embeddings before and after.
    cosine: float
    #: Classes say what each class loses, the one that loses most logit first.
    classes: list[ClassPrice]


@dataclass(kw_only=True)
class Edited:
    """Edited is the answer of facet edit: what was written."""

    #: The model that is edited.
    model: Model
    #: The atlas that the means come from.
    means: str
    #: It says how pairs were found for texts; absent where none were looked for.
    rule: str | None = None
    #: Those that change, the strongest first.
    pairs: list[EditedPair]
    #: Pairs that would change but carry a text that is to be kept, the strongest first.
    kept: list[EditedPair]
    #: What is taken out of embeddings, in order.
    erasures: list[Erasure]
    #: The file or folder that was written.
    output: str
    #: Safetensors, torch or open_clip.
    layout: str
    #: The file that tells how the model was made.
    record: str
    #: The digest of the file of weights.
    sha256: str
    #: Residuals say how far the model that was written is from the prediction.
    residuals: list[EditResidual]


@dataclass(kw_only=True)
class Undone:
    """Undone is the answer of facet edit --undo."""

    #: The file that was written.
    output: str
    #: The model that it is again, byte for byte.
    source: EditSource
    #: How many edits of the chain are left in it.
    steps: int


@dataclass(kw_only=True)
class GroupReport:
    """GroupReport is the answer of facet evaluate groups: accuracy by class and group, before and after an edit and by other methods."""

    #: The model that is asked.
    model: Model
    #: The atlas whose pictures are scored.
    scored: str
    #: The atlas that means come from; absent where nothing is edited.
    means: str | None = None
    #: That of the atlas which says the group: label, group or truth.
    column: str
    #: The groups.
    groups: list[str]
    #: The classes.
    classes: list[str]
    #: How many pictures have a class and a group.
    images: int
    #: The edit; absent where there is none.
    plan: EditPlan | None = None
    #: The results, the model as it is first.
    methods: list[GroupOutcome]
    #: The atlas of other classes that collateral is measured on; absent without.
    others: str | None = None


@dataclass(kw_only=True)
class EditSuggestion:
    """EditSuggestion is the answer of facet edit suggest: pairs that hold a spurious cue."""

    #: The model that is asked.
    model: Model
    #: The atlas that was looked at.
    atlas: str
    #: That of the atlas which says the group.
    column: str
    #: The groups.
    groups: list[str]
    #: The classes.
    classes: list[str]
    #: How many pictures pairs were ranked and counted by: every other one of each class and group.
    searched: int
    #: How many others the result is of.
    scored: int
    #: Those to hold at their mean, the most suspicious first.
    pairs: list[SuspectPair]
    #: The model as it is, on the scored pictures.
    before: GroupOutcome
    #: The model with the pairs held, on the scored pictures.
    after: GroupOutcome
    #: The worst cell's accuracy on the scored pictures when as long a search goes through random pairs of equal strength.
    random: Draws
    #: The share of such searches, this one counted, that gain as much: the p-value of the gain, corrected for the search.
    p_value: float
    #: The numbers of pairs that were tried.
    tried: list[int]


@dataclass(kw_only=True)
class Embeddings:
    """Embeddings is the answer of facet embed."""

    #: It says which model answers.
    model: Model
    #: Inputs say what each row is of: a picture or a text.
    inputs: list[str]
    #: The .npy file with the rows, float32 [N,D]; absent where they are here.
    file: str | None = None
    #: The file with the name of each row, a line a row; absent where there is no File.
    names: str | None = None
    #: The rows [N,D], not normalised; absent where they are in a file.
    embeddings: list[list[float]] = field(default_factory=list)
    #: The pictures of datasets that could not be read.
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(kw_only=True)
class Trace:
    """Trace is the answer of facet trace: what pictures make on their way through the attention pool."""

    #: It says which model answers.
    model: Model
    #: Tokens, attention, attentions, scalars, neuron, lengths or earlier.
    what: str
    #: The neuron whose vectors are kept; absent for all else.
    neuron: int | None = None
    #: That of a row. The file holds float32 [N, shape].
    shape: list[int]
    #: Inputs say which picture each row is of.
    inputs: list[str]
    #: The .npy file with the rows.
    file: str
    #: The file with the name of each row, a line a row.
    names: str
    #: The pictures of datasets that could not be read.
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(kw_only=True)
class ClassificationScores:
    """ClassificationScores is the answer of facet evaluate classification: zero-shot classification of a data set whose classes are known."""

    #: It says which model answers.
    model: Model
    #: All that decides the scores.
    protocol: ClassificationProtocol
    #: How many pictures were measured.
    images: int
    #: What a picture took in the image tower, in seconds: the median over batches. It is absent where no picture had to be encoded.
    encoding_seconds: float | None = None
    #: The share of pictures whose class has the largest score. It is absent where pictures have several classes.
    top1: Share | None = None
    #: The share of pictures whose class is among the five largest scores. It is absent where there are five classes or fewer.
    top5: Share | None = None
    #: The mean of the classes' shares of right pictures. Its interval is that of a bootstrap within the classes.
    mean_per_class: Estimate | None = None
    #: The mean of the classes' average precisions at eleven points, the rule of PASCAL VOC 2007. It is there where pictures have several classes. Its interval is that of a bootstrap over the pictures.
    map_11_points: Estimate | None = None
    #: The mean of the classes' average precisions as areas under the precision–recall curve.
    map_area: Estimate | None = None
    #: What others measured; absent where nothing is known of this model, or where not the whole data set was measured.
    published: PublishedScore | None = None
    #: The scores of each class, in the order of the labels.
    classes: list[ClassScore]


@dataclass(kw_only=True)
class RetrievalScores:
    """RetrievalScores is the answer of facet evaluate retrieval: pictures are searched for by captions, and captions by pictures."""

    #: It says which model answers.
    model: Model
    #: All that decides the scores.
    protocol: RetrievalProtocol
    #: How many pictures there are.
    images: int
    #: How many captions there are.
    captions: int
    #: What a picture took in the image tower, in seconds: the median over batches. It is absent where no picture had to be encoded.
    encoding_seconds: float | None = None
    #: The shares of pictures that have an own caption among the first k of all captions. The intervals are Wilson's.
    text_retrieval: list[Recall]
    #: The shares of captions that have their picture among the first k of all pictures. The intervals are those of a bootstrap over pictures, each with all its captions.
    image_retrieval: list[Recall]
    #: The mean of both recalls at 1. Its interval is that of the same bootstrap.
    mean_recall_1: Estimate
    #: What others measured; absent where nothing is known of this model, or where not the whole data set was measured.
    published: PublishedScore | None = None


@dataclass(kw_only=True)
class SegmentationScores:
    """SegmentationScores is the answer of facet evaluate segmentation. Scores are those of mmsegmentation's IoUMetric: pixels are accumulated over the pictures, and scores of pictures are not averaged."""

    #: It says which model answers.
    model: Model
    #: All that decides the scores.
    protocol: SegmentationProtocol
    #: How many pictures were measured.
    images: int
    #: What a picture took in the image tower, in seconds: the median.
    encoding_seconds: float
    #: The scores of each method, in the order in which they were asked for.
    methods: list[MethodScore]


@dataclass(kw_only=True)
class Explanation:
    """Explanation is the answer of facet explain."""

    #: It says which model answers.
    model: Model
    #: The picture that was explained.
    image: Image
    #: ‖Σ s·u + b − embedding‖ / ‖embedding‖, over all pairs.
    residual: float
    #: The text whose logit was split; absent where the embedding was.
    text: str | None = None
    #: What was split: 1 for the embedding (⟨e,e⟩/‖e‖²), the logit τ·⟨e,t⟩/‖e‖ for a text.
    total: float
    #: The constant term's part of the total, as a fraction of |total|, signed as shares are.
    bias_share: float
    #: Σ|amount| over the pairs listed / Σ|amount| over all pairs.
    top_share: float
    #: Those of largest |amount|, the largest first.
    pairs: list[Part]
    #: What the groups are measured against; absent where they sum to the total itself.
    against: Against | None = None
    #: It says what the groups are: word, neuron, head, token or pair.
    by: str
    #: What the groups sum to: the total, less that of the baseline.
    groups_total: float
    #: |Σ amounts − groups_total| / Σ|amounts of pairs and constant|: rounding alone.
    groups_residual: float
    #: The parts that pairs of one word add up to, the largest |amount| first, until they cover what was asked for. Unnamed pairs and the constant are always there. The last group, others, holds the rest.
    groups: list[Group]
    #: It says what the intervals of the groups rest on; absent unless they are asked for.
    redrawn: Redrawn | None = None


@dataclass(kw_only=True)
class Inspection:
    """Inspection is the answer of facet model inspect."""

    #: The checkpoint's.
    path: str
    #: The file format.
    format: str
    #: It says whose tensor names the file has.
    naming: str
    #: The set of weights that is taken; absent where the file holds one.
    weights: str | None = None
    #: The sets that are left; absent where the file holds one.
    other_weights: list[str] = field(default_factory=list)
    #: The digest of the file; of a checkpoint in shards, of the index followed by the shards in the order of their names.
    sha256: str
    #: The published name of the architecture, or what is known of it.
    architecture: str
    #: That of the text tower: quickgelu or gelu. It is absent without one.
    activation: str | None = None
    #: It tells that the file does not say and facet takes what every published CLIP-ResNet uses.
    activation_assumed: bool
    #: The architecture in numbers.
    config: Config
    #: ImageParameters counts the numbers of the image tower.
    image_parameters: int
    #: TextParameters counts the numbers of the text tower.
    text_parameters: int
    #: DTypes counts the tensors of each element type.
    dtypes: dict[str, int]


@dataclass(kw_only=True)
class Labels:
    """Labels is the answer of facet label."""

    #: It says whose pairs were labelled.
    model: Model
    #: The atlas that says what pairs fire for.
    atlas: str | None = None
    #: The sparse fit: omp, nnomp or lasso.
    method: str
    #: It says what is made unit: rows (texts) or reference (columns).
    dictionary_norm: str
    #: The bank of words; empty: the demo world's words.
    bank: str
    #: How many texts the bank has.
    texts: int
    #: How many texts a label has at most.
    terms: int
    #: By number of terms what 95 of 100 random directions do not exceed.
    null: list[float]
    #: The same of random sets of images.
    fires_null: list[float] = field(default_factory=list)
    #: How many pairs were labelled.
    labelled: int
    #: How many of them are named by what they say.
    named: int
    #: How many are named by what they fire for.
    fires_named: int | None = None
    #: The file that probabilities are by.
    calibration: str | None = None
    #: The first of them, in order of the lengths of their directions, or of their use in an atlas.
    pairs: list[LabelledPair]


@dataclass(kw_only=True)
class TextBank:
    """TextBank is the answer of facet texts."""

    #: It says which model embedded the texts.
    model: Model
    #: That of the bank.
    folder: str
    #: How many there are.
    texts: int
    #: The prompts that each text was put into; null: the texts as they are.
    templates: list[str]
    #: That of all that decides the bank.
    fingerprint: str


@dataclass(kw_only=True)
class LabelReport:
    """LabelReport is the answer of facet evaluate labels."""

    #: It says whose labels were asked.
    model: Model
    #: It says where they are from.
    labels: str
    #: What is left of the model when directions are replaced by words.
    reconstruction: list[WordReconstruction]
    #: What becomes of words without the pairs that say them.
    causal: list[Ablated]
    #: What becomes of words without the pairs that fire for them.
    causal_fires: list[Ablated]
    #: How well scalars tell what their pairs say.
    truth: Truth
    #: How well scalars tell what their pairs fire for.
    fires: Truth
    #: How many sets of scenes were drawn to name pairs by and to judge the names, 1 for an atlas. All of the above is of the first.
    seeds: int
    #: How many pairs each way to name pairs was asked about, the strongest.
    asked: int
    #: Ways compare facet's names with other ways to name the same pairs.
    ways: list[NamingWay]
    #: Calibrations say how honest the probability of a name is; one for each sense with names.
    calibrations: list[Calibration]
    #: Discoveries say how many names stand when the share of false ones is controlled over all pairs; one for each sense with names.
    discoveries: list[NameDiscovery]
    #: It tells that the pictures which judge the names also made them: p-values are too small then.
    same_pictures: bool | None = None


@dataclass(kw_only=True)
class ListedModel:
    """ListedModel is the answer of facet model pull. The answer of facet model list is a list of them."""

    #: What the model is called.
    name: str
    #: Where it is published.
    source: str
    #: It tells that it is on this machine.
    installed: bool
    #: Where it lies, or would lie.
    path: str
    #: The size of its checkpoint; of a model that is not on this machine, what the hub will send, and 0 where that is not known.
    bytes: int
    #: It tells that the size is not what a file has, but four bytes for each parameter of the architecture.
    approximate: bool | None = None
    #: It tells that the checkpoint lies in a folder of another program, and is used there.
    in_place: bool
    #: How much of a download that was cut off lies on this machine.
    unfinished_bytes: int
    #: Its repository on the Hugging Face hub.
    hub: str


@dataclass(kw_only=True)
class Pairs:
    """Pairs is the answer of facet pairs."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Those asked for, in the order asked for.
    pairs: list[UsedPair]


@dataclass(kw_only=True)
class Neuron:
    """Neuron is the answer of facet neuron."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: The neuron itself, where the atlas keeps scalars, and then its strongest pairs.
    rows: list[Unit]


@dataclass(kw_only=True)
class Property:
    """Property is the answer of facet property: which units carry a property."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Texts say what the property is.
    texts: list[str]
    #: What was ranked: pair, neuron or head.
    unit: str
    #: How many images the scores are over.
    images: int
    #: Those that carry the property most, the first first.
    units: list[PropertyUnit]
    #: The images most like the image asked for in these units; absent where nobody asked.
    near: list[NearImage] = field(default_factory=list)


@dataclass(kw_only=True)
class Confusion:
    """Confusion is the answer of facet confuse: which words make one thing look like another."""

    #: It says which model answers.
    model: Model
    #: What pictures are taken for.
    text: str
    #: What they show.
    against: str
    #: The bank that pairs are labelled by; empty: the demo world's words.
    bank: str
    #: Those that tell the two texts apart most.
    pairs: list[ConfusedPair]
    #: The words that push towards Text, the strongest first.
    words: list[PushingWord]


@dataclass(kw_only=True)
class Discovery:
    """Discovery is the answer of facet discover: the words of one picture by its notable pairs."""

    #: It says which model answers.
    model: Model
    #: The picture.
    picture: str
    #: The atlas that says what is usual.
    atlas: str
    #: The bank that pairs are labelled by; empty: the demo world's words.
    bank: str
    #: How many pairs contribute more to the picture than to all but 49 images of the atlas.
    notable: int
    #: How many of them, the strongest, have a part in the words.
    labelled: int
    #: The words, the strongest first.
    words: list[PushingWord]


@dataclass(kw_only=True)
class Reproduction:
    """Reproduction is the answer of facet reproduce paper: the paper's figures beside what was measured here."""

    #: It says which model was measured.
    model: Model
    #: PublishedFor names the model whose figures are published.
    published_for: str
    #: The parts of the work, in their order.
    steps: list[ReproductionStep]
    #: The file of the HTML page; empty where none was written.
    page: str | None = None


@dataclass(kw_only=True)
class Scenes:
    """Scenes is the answer of facet scenes."""

    #: Where the scenes are.
    folder: str
    #: It says how they are arranged: imagefolder, voc or npy.
    layout: str
    #: How many there are.
    scenes: int
    #: That of what was drawn.
    seed: int
    #: The side of the pictures in pixels.
    size: int


@dataclass(kw_only=True)
class Search:
    """Search is the answer of facet search."""

    #: It says which model answers.
    model: Model
    #: The text that was asked for.
    text: str
    #: What was ranked: pair, neuron or head.
    unit: str
    #: It tells that the mean of a bank was taken off the text.
    centered: bool
    #: The bank whose mean was taken off; empty: none, or the demo world's words.
    bank: str
    #: The atlas that says how much each pair is used.
    atlas: str | None = None
    #: The units found, the best first.
    hits: list[Hit]


@dataclass(kw_only=True)
class Nearest:
    """Nearest is the answer of facet nearest."""

    #: It says which model answers.
    model: Model
    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The bank that was searched; empty: the demo world's words.
    bank: str
    #: The nearest texts, the best first.
    texts: list[Match]


@dataclass(kw_only=True)
class Segmentation:
    """Segmentation is the answer of facet segment."""

    #: It says which model answers.
    model: Model
    #: All that decides the labels but the picture.
    protocol: SegmentationProtocol
    #: The pictures, in the order in which they were given. It is null where there is none yet.
    images: list[SegmentedImage]
    #: The pictures of datasets that could not be read.
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(kw_only=True)
class Sink:
    """Sink is the answer of facet sink."""

    #: It says which model looked.
    model: Model
    #: The dataset or the atlas.
    source: str
    #: How many pictures were looked at.
    images: int
    #: The mean attention of each spatial token [K].
    mass: list[float]
    #: The mean attention of the class token.
    class_: float
    #: The spatial token that stands out most from its neighbours, counted from 0.
    token: int
    #: Its attention over the mean of its neighbours': the geometric mean over pictures.
    ratio: float
    #: The lower end of the ratio's 95 % interval over pictures; null of one picture.
    ratio_low: float | None
    #: The upper end of it; null of one picture.
    ratio_high: float | None
    #: It tells that there is a sink: the interval lies above 3.
    exists: bool
    #: The token that was watched for a sink.
    watched: int
    #: The neurons that draw attention to the watched token, the strongest first; none unless it is the sink.
    registers: list[Register]
    #: Unread counts pictures that cannot be read. They are left out.
    unread: int
    #: Zero-shot, with and without the watched place; absent without labels of two classes at least.
    accuracy: SinkAccuracy | None = None
    #: For each register the texts nearest to its direction when every head passes it alike.
    words: list[list[Match]] = field(default_factory=list)
    #: For each register the pair that is used most, or has the longest direction; with a bank or an atlas with labels.
    pairs: list[NamedPair] = field(default_factory=list)
    #: What the published code finds; absent where nobody asked.
    published: PublishedSink | None = None


@dataclass(kw_only=True)
class Reconstructions:
    """Reconstructions is the answer of facet reconstruct."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Pair, neuron or head.
    unit: str
    #: How many images were scored.
    images: int
    #: It says where means, components and scores come from.
    means: str
    #: How many classes the images were told apart by.
    classes: int
    #: Reference where the published code's way was asked for.
    compat: str | None = None
    #: The results, one for each number of components.
    rows: list[Reconstruction]


@dataclass(kw_only=True)
class Components:
    """Components is the answer of facet components: the first principal directions of neurons or heads (docs/design.md, 14)."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Neuron or head.
    unit: str
    #: How many units there are.
    count: int
    #: How many components a unit has at most.
    rank: int
    #: The width of a direction.
    embed: int
    #: Reference where the published code's way was asked for.
    compat: str | None = None
    #: The array of float32 [count,rank,embed] that was written; zeros stand where a unit has fewer components.
    file: str | None = None
    #: Those of the largest first component, in words.
    units: list[UnitComponents]


@dataclass(kw_only=True)
class Ablations:
    """Ablations is the answer of facet ablate."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Pair, neuron or head.
    unit: str
    #: How many images were scored.
    images: int
    #: It says where means, components and scores come from.
    means: str
    #: How many classes the images were told apart by.
    classes: int
    #: Reference where the published code's way was asked for.
    compat: str | None = None
    #: It tells that neurons were held where they fire, in every token, and not where heads read them.
    activations: bool | None = None
    #: It tells that the strongest units are held at their mean, and not the weakest.
    strong_held: bool
    #: The results, one for each percentile; none where units of note were held.
    rows: list[Ablation]
    #: The results where each image's own units of note were held, or all others; absent where nobody asked.
    notable: list[NotableAblation] = field(default_factory=list)


@dataclass(kw_only=True)
class Polysemanticity:
    """Polysemanticity is the answer of facet polysemanticity."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: Pair, neuron or head.
    unit: str
    #: How many images were scored.
    images: int
    #: Those of lowest score.
    units: list[ScoredUnit]
    #: That of the scores of all units.
    spread: Spread
    #: How many images a score is over.
    top_images: int
    #: Comparison sets the strongest pair of each neuron against the neuron; absent for an atlas without scalars.
    comparison: PolysemanticityComparison | None = None
    #: Purest sets the pair of lowest score of each neuron against the neuron, absent likewise. Half of the images chooses the pair, the other half gives the scores.
    purest: PolysemanticityComparison | None = None


@dataclass(kw_only=True)
class Tree:
    """Tree is the answer of facet tree: a neuron as sub-concepts (docs/design.md, 37 to 40)."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: How many images the atlas has.
    images: int
    #: The number of the neuron.
    neuron: int
    #: How distances of clusters are formed: average or ward.
    linkage: str
    #: It tells that the number of parts was chosen by the largest gap between heights, and not asked for.
    by_gap: bool
    #: That of the neuron's contribution: the mean squared length of what is centred.
    variance: float
    #: The numbers of the nodes that the neuron is cut into, the largest share first. Their contributions sum to the neuron's, and their shares to 1.
    parts: list[int]
    #: All nodes of the tree: first the heads, then each merge of two earlier nodes, in the order of their heights. The last is the neuron.
    nodes: list[TreeNode]
    #: Split sets the parts against random partitions of the heads; absent where the atlas keeps no scalars.
    split: TreeSplit | None = None


@dataclass(kw_only=True)
class Trees:
    """Trees is the answer of facet tree --all: neurons by how cleanly they split."""

    #: It says which model made the atlas.
    model: Model
    #: The folder of the atlas.
    atlas: str
    #: How distances of clusters are formed: average or ward.
    linkage: str
    #: How many neurons were scored.
    scored: int
    #: The expected share of false ones among the neurons counted in Clean.
    level: float
    #: Clean counts the neurons whose parts are told from random partitions, by each score (Benjamini and Hochberg).
    clean: TreeCounts
    #: Low counts the neurons with a p-value of the level or less, by each score. By chance it is that share of all.
    low_p: TreeCounts
    #: Better counts the neurons whose parts score higher than the neuron.
    better_than_neuron: TreeCounts
    #: Above counts the neurons whose parts score higher than the mean of the random partitions.
    better_than_null: TreeCounts
    #: Those that split most cleanly, the cleanest first: by how many deviations of the null the mean of both scores lies above it.
    neurons: list[SplitNeuron]


@dataclass(kw_only=True)
class Verification:
    """Verification is the answer of facet model verify."""

    #: The checkpoint's.
    path: str
    #: Those that were made, in their order, and those that do not apply.
    checks: list[Check]


@dataclass(kw_only=True)
class Version:
    """Version is the answer of facet version."""

    #: The path of the module that was built.
    module: str
    #: The module's; (devel) where Go does not know it.
    version: str
    #: That of the repository; absent in builds from elsewhere.
    commit: str | None = None
    #: That of the commit.
    time: str | None = None
    #: It tells that files differed from the commit.
    modified: bool | None = None
    #: The version of Go that built it.
    go: str
    #: The operating system and the processor.
    platform: str
    #: What many pictures run on.
    engine: Engine


@dataclass(kw_only=True)
class Window:
    """Window is the answer of facet drift watch: a line for each window, as it is closed. GET /windows and the store have the same. Its p-values are for reading: alerts come from the evidence, which is that of the whole stream up to the end of the window."""

    #: The number of the shape, 2. It is absent in what format 1 left.
    format: int
    #: The group whose stream the window is of. It is absent where the stream is followed as a whole.
    group: str | None = None
    #: Number counts windows from 1, of each group.
    window: int
    #: How many the window holds.
    images: int
    #: How many pictures came to the watcher of this window, since its last one, whose content had come before. They are in no window.
    repeated: int
    #: Their share of all that came.
    repeated_share: float
    #: That of the profile's source.
    profile_repeated_share: float
    #: The earliest moment of its images.
    first: str
    #: The latest moment of its images.
    last: str
    #: When the window was closed.
    closed: str
    #: The texts of the profile.
    watched: list[WatchedText]
    #: The strongest for a change, the largest first.
    evidence: list[Evidence]
    #: The number of the episode that is open at the end of the window. It is absent where none is.
    episode: int | None = None
    #: It says what the order of the images means. It is absent where it is not followed.
    order: ImageOrder | None = None
    #: The windows of the stream that this one is compared with. It is absent where that is the profile.
    reference: WindowSpan | None = None
    #: It says that nothing is bet on the window: it is one of the first, which will be the reference.
    learnt: bool | None = None
    #: Compared compares the window with the profile, or the reference. It is absent for a window of one image.
    compared: Comparison | None = None
    #: Those that the window raises, one at most.
    alerts: list[Alert]


@dataclass(kw_only=True)
class Accepted:
    """Accepted is the answer of facet drift accept."""

    #: The folder that was written, with which the stream is compared from now on.
    profile: str
    #: How many it is of.
    images: int
    #: The first of their windows.
    from_: int
    #: The last window that was compared with the profile before.
    window: int


@dataclass(kw_only=True)
class Model:
    """Model says which model made an answer."""

    #: The published name, demo, or the path of the checkpoint.
    name: str
    #: The digest of the checkpoint file.
    sha256: str
    #: The file format of the checkpoint.
    format: str
    #: That of the text tower: quickgelu or gelu.
    activation: str
    #: Engine names all that ran the towers.
    engine: str
    #: The architecture.
    config: Config


@dataclass(kw_only=True)
class ClassifiedImage:
    """ClassifiedImage is a picture with its most likely labels."""

    #: The picture.
    image: str
    #: The labels, the most likely first. A probability is that among all labels that were asked for.
    classes: list[Class]
    #: It says why the first label and not another; absent where it is not asked for.
    why: Why | None = None


@dataclass(kw_only=True)
class Skipped:
    """Skipped is a picture of a dataset that was left out."""

    #: Path names the picture.
    path: str
    #: It says why it could not be read.
    reason: str


@dataclass(kw_only=True)
class WeightChange:
    """WeightChange is how two checkpoints of one architecture differ by their weights (docs/design.md, 41)."""

    #: How many pairs there are.
    pairs: int
    #: Turned counts the pairs whose direction changed by more than rounding explains.
    turned: int
    #: That bound on the change of a direction, which weights in half precision can explain.
    rounding: float
    #: ‖Δb‖ over ‖b‖ of A: how much what every embedding holds changed. It is null where b has no length.
    constant: float | None
    #: Tensors counts the tensors of both checkpoints whose numbers differ, or that one of them lacks.
    tensors: int
    #: The first of their names, in order.
    tensor_names: list[str]
    #: The pairs that turned most, the largest change first.
    top: list[TurnedPair]


@dataclass(kw_only=True)
class EmbeddingChange:
    """EmbeddingChange is Δe of the images as a sum. Its shares are of the summed squared length of Δe; fires, says, both, constant and residual sum to 1, and where nothing changed all are 0 (docs/design.md, 42 and 43)."""

    #: How many images were compared.
    images: int
    #: The root of the summed squared lengths of Δe over that of A's embeddings.
    length: float
    #: The mean cosine of A's and B's embeddings of an image.
    cosine: float
    #: The share of Δs·u: pairs that fire otherwise.
    fires: float
    #: The share of s·Δu: pairs that say otherwise.
    says: float
    #: The share of Δs·Δu.
    both: float
    #: The share of Δb.
    constant: float
    #: What the others miss: scalars are stored in half precision.
    residual: float
    #: The share of Δb + Σ s̄·Δu, a part of Says and Constant together: what the average image gets from what pairs say otherwise.
    average: float
    #: The pairs' shares by the words of their labels, the largest first; with the constant and the pairs that have no name.
    words: list[Group]
    #: Those of the largest shares, by size.
    pairs: list[ChangedPair]


@dataclass(kw_only=True)
class DoingChange:
    """DoingChange tests for every pair whether it does otherwise in B (docs/design.md, 44)."""

    #: How many pairs were tested.
    tested: int
    #: The expected share of false discoveries among the changed pairs.
    level: float
    #: Changed counts the pairs that do otherwise, by more than A does between two halves of the images.
    changed: int
    #: How many measures of a pair were compared.
    measures: int
    #: How many times the images were halved at random.
    halves: int
    #: The share of pairs with a p-value of the level or less when A on one half of the images is compared with A on the other, the mean over the halvings. By chance it is the level or less.
    null_low_p: float
    #: How many pairs would be found changed there, the mean over the halvings.
    null_changed: float


@dataclass(kw_only=True)
class ClassChange:
    """ClassChange is how a class fares."""

    #: Its name.
    class_: str
    #: How many images are of the class.
    images: int
    #: The zero-shot accuracy of A on them.
    before: Share
    #: That of B.
    after: Share
    #: How much the mean margin of the class rose: its logit less the mean of the other classes' logits.
    margin: float
    #: The part of that by what every embedding holds.
    constant: float
    #: The pairs that raise the margin most.
    better: list[ClassPair]
    #: The pairs that lower it most.
    worse: list[ClassPair]


@dataclass(kw_only=True)
class PairMatching:
    """PairMatching matches pairs of two models by their scalars on the same images (docs/design.md, 45)."""

    #: How many images there are; the matches come from half of them and are measured on the other.
    images: int
    #: How many pairs of each model were matched: those used most.
    candidates: list[int]
    #: The correlation that 95 of 100 matches do not exceed where B's images are in another order.
    chance: float
    #: Partners counts the matches above chance.
    partners: int
    #: The median correlation of all matches on the other images.
    median: float
    #: Those of the highest correlation on the other images.
    matches: list[MatchedPair]
    #: Pairs of A without a partner, those used most first.
    without_partner_a: list[NamedPair]
    #: Pairs of B without a partner.
    without_partner_b: list[NamedPair]


@dataclass(kw_only=True)
class DemoScene:
    """DemoScene is what the demo model says of one scene."""

    #: The file of the scene, relative to the folder.
    picture: str
    #: The file of the map of the text's logit, relative to the folder.
    map: str
    #: What is looked for in the scene.
    text: str
    #: That of the text.
    logit: float
    #: Those that the model gives a probability of a tenth or more, the most likely first; null where there is none.
    categories: list[str]
    #: The most likely one.
    background: str


@dataclass(kw_only=True)
class DemoStory:
    """DemoStory is a neuron that fires for one thing through one head and for another through another."""

    #: That neuron.
    neuron: int
    #: Its two pairs.
    facets: list[DemoFacet]
    #: The file of the sheet of their maps, relative to the folder.
    picture: str


@dataclass(kw_only=True)
class DemoSegmentation:
    """DemoSegmentation is a scene in its classes."""

    #: The file of the scene, relative to the folder.
    scene: str
    #: The file of the scene with its classes in colours, relative to the folder.
    overlay: str
    #: The shares of the classes, the largest first.
    classes: list[ClassShare]


@dataclass(kw_only=True)
class DemoDrift:
    """DemoDrift compares scenes of a later month with those of an earlier one."""

    #: The dataset of the earlier scenes.
    before: str
    #: That of the later ones.
    after: str
    #: The file of the report, relative to the folder.
    report: str
    #: It says what differs.
    comparison: Comparison


@dataclass(kw_only=True)
class Image:
    """Image is a picture that a model has seen."""

    #: Where the picture lies, or its name where it is no file.
    path: str
    #: The height and the width of the picture in tokens.
    grid: list[int]


@dataclass(kw_only=True)
class Part:
    """Part is what one pair brings to the total of an explanation."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: S[h,n].
    scalar: float
    #: ‖s·u‖.
    contribution_norm: float
    #: The pair's part of the total: ⟨s·u,e⟩/‖e‖², or for a text τ·s⟨u,t⟩/‖e‖. Positive, the pair speaks for the text; negative, against it.
    amount: float
    #: Amount / |total|, so that it has the sign of the amount. Over all pairs and the constant term shares sum to 1, or to −1 where the total is negative. Of a total of 0 they are 0.
    share: float
    #: The texts nearest to what the pair adds (s·u), where a bank is at hand, after centring it.
    words: list[Match] = field(default_factory=list)
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None
    #: The file of the pair's map, relative to the folder of the explanation; absent where none is written.
    map: str | None = None


@dataclass(kw_only=True)
class Against:
    """Against is the baseline of an explanation."""

    #: Text (another text), picture (another picture), average text (of a bank) or average picture (of a dataset).
    kind: str
    #: The text, the picture, or the bank or dataset of the average.
    name: str
    #: What the baseline has where the explanation has its total; the groups sum to the difference.
    total: float


@dataclass(kw_only=True)
class Group:
    """Group is the sum of pairs that share a word, a neuron or a head."""

    #: The word, with a minus where it is missing when the pairs are strong. It is unnamed for pairs without a word, constant for the term that is the same for every picture, and others for the groups that are not listed.
    word: str
    #: The group's part. The amounts of all groups sum to groups_total.
    amount: float
    #: Amount / |groups_total|.
    share: float
    #: The lower end of the amount's 95 % interval: the images of labels drawn anew, 200 times. Absent unless intervals are asked for.
    low: float | None = None
    #: The upper end of that interval.
    high: float | None = None
    #: How many pairs the group has a portion of; of others, how many groups they are.
    pair_count: int
    #: The strongest of them, at most five.
    pairs: list[GroupPair]
    #: The words of a head, where heads are asked for; absent otherwise.
    groups: list[Group] = field(default_factory=list)
    #: The file of the group's map, relative to the folder of the explanation; absent where none is written.
    map: str | None = None


@dataclass(kw_only=True)
class Redrawn:
    """Redrawn says what the intervals of groups rest on."""

    #: How often each label was made anew.
    draws: int
    #: How many pairs were named anew in each draw: of those with a label the ones of largest |amount|. The others keep their labels.
    pairs: int
    #: Σ|amount| of these pairs / Σ|amount| of all pairs with a label.
    share: float
    #: How many of these pairs have in some draw a word that their label lacks, or lack one that it has.
    changed: int


@dataclass(kw_only=True)
class Score:
    """Score counts right answers."""

    #: How many are right.
    right: int
    #: How many there are.
    of: int


@dataclass(kw_only=True)
class KeptVariance:
    """KeptVariance is how much of the embedding's variance is left when only the strongest pairs vary and the others are held at their mean."""

    #: How many of all pairs vary: those of largest var(s)·‖u‖².
    percent: float
    #: Their share of Σ var(s)·‖u‖² over all pairs.
    summed: float
    #: 1 − Σ‖e − ê‖²/Σ‖e − ē‖².
    explained: float


@dataclass(kw_only=True)
class Finding:
    """Finding is one check."""

    #: It says what was looked at.
    check: str
    #: Ok, assumed or wrong.
    verdict: str
    #: It says what was found.
    found: str


@dataclass(kw_only=True)
class Comparison:
    """Comparison says what differs between images and a profile. The shares of changes, Unnamed and 1 − Explained sum to 1."""

    #: How many are compared.
    images: int
    #: How many the profile is of.
    profile_images: int
    #: ‖Δe‖, the length of the shift of the mean embedding.
    shift: float
    #: What the shift is without drift, on average: that of as many images of the profile's covariance.
    shift_null: float
    #: The share of the squared shift that is expected without drift, 1 at most. Shares of changes are shares of the whole, chance included.
    chance: float
    #: The Fréchet distance between the embeddings.
    frechet_distance: float
    #: What the Fréchet distance is without drift: that of FrechetNullImages images of the profile to its other images. It falls with their number, as the distance does. 0 where the profile's sample is too small to say.
    frechet_null: float
    #: As many as are compared, or half of the profile's sample where that is less.
    frechet_null_images: int
    #: The squared energy distance between the samples.
    energy_distance: float
    #: Its p-value, by permutation of both samples.
    energy_p: float
    #: It says how well images can be told from those of the profile at all. Only the comparison of all images has it, with 20 of each side at least.
    classifier: DomainClassifier | None = None
    #: The shift of one pair, in standard deviations, that so many images show with a chance of 0.8. It is absent in what earlier versions kept.
    detectable: float | None = None
    #: How many pairs were tested.
    pairs_tested: int
    #: How many of them changed, at the level of the comparison.
    pairs_changed: int
    #: The share of the shift that the changed pairs explain.
    explained: float
    #: The share that they explain outside the named changes.
    unnamed: float
    #: What the pairs leave of the shift, as a share of it: rounding. Of a watched window only the strong pairs' scalars are known, and it is what the others leave.
    residual: float
    #: It says how well names explain the shift. It is absent where nothing changed, or too little to judge a name.
    naming: Naming | None = None
    #: Those that have a name, the largest first. There are none unless the names hold on pictures that did not choose them.
    changes: list[Change]
    #: A change without a word: the changed pairs that fit no name. It is absent where there are none.
    unnamed_change: Change | None = None


@dataclass(kw_only=True)
class GivenComparison:
    """GivenComparison says what differs within the values of something, such as cameras, and what the mix of the values explains. It is made of samples: the profile's, and at most 1,000 of the images compared. The shares of changes, Unnamed and 1 − Explained sum to 1."""

    #: It says what the values are: group or label.
    of: str
    #: Those that two images at least of both sides have, by name.
    values: list[GivenValue]
    #: How many images are compared, of these values.
    images: int
    #: How many of the profile's they are compared with.
    profile_images: int
    #: How many images of the sample have another value, or none.
    left_out: int
    #: How many images of the profile's sample have another value, or none.
    profile_left_out: int
    #: The p-value of the χ² test that the values are mixed as in the profile; 1 where there is one value.
    mix_p: float
    #: The share of the whole shift of the mean embedding that the mix of the values explains. It may be below 0 or above 1, where both parts pull apart.
    mix: float
    #: The share of the whole shift that the changes within values explain. It sums to 1 with Mix.
    within: float
    #: The length of the whole shift.
    whole_shift: float
    #: The length of the shift within values, joined with the weights of the profile's shares.
    shift: float
    #: What Shift is without a change, on average.
    shift_null: float
    #: How many pairs were tested, by van Elteren's rank test.
    pairs_tested: int
    #: How many of them changed, at the level of the comparison.
    pairs_changed: int
    #: The share of the shift within values that the changed pairs explain.
    explained: float
    #: The share that they explain outside the named changes.
    unnamed: float
    #: It says how well names explain the shift. It is absent where nothing changed, or too little to judge a name.
    naming: Naming | None = None
    #: Those that have a name, the largest first.
    changes: list[Change]
    #: A change without a word: the changed pairs that fit no name. It is absent where there are none.
    unnamed_change: Change | None = None


@dataclass(kw_only=True)
class GroupComparison:
    """GroupComparison compares one part of the images."""

    #: What the images of the part have in common.
    name: str
    #: The parts that it is compared with, in place of the profile. It is absent where that is the profile, as for the first part.
    against: list[str] = field(default_factory=list)
    #: How many are compared.
    images: int
    #: How many the profile is of.
    profile_images: int
    #: ‖Δe‖, the length of the shift of the mean embedding.
    shift: float
    #: What the shift is without drift, on average: that of as many images of the profile's covariance.
    shift_null: float
    #: The share of the squared shift that is expected without drift, 1 at most. Shares of changes are shares of the whole, chance included.
    chance: float
    #: The Fréchet distance between the embeddings.
    frechet_distance: float
    #: What the Fréchet distance is without drift: that of FrechetNullImages images of the profile to its other images. It falls with their number, as the distance does. 0 where the profile's sample is too small to say.
    frechet_null: float
    #: As many as are compared, or half of the profile's sample where that is less.
    frechet_null_images: int
    #: The squared energy distance between the samples.
    energy_distance: float
    #: Its p-value, by permutation of both samples.
    energy_p: float
    #: It says how well images can be told from those of the profile at all. Only the comparison of all images has it, with 20 of each side at least.
    classifier: DomainClassifier | None = None
    #: The shift of one pair, in standard deviations, that so many images show with a chance of 0.8. It is absent in what earlier versions kept.
    detectable: float | None = None
    #: How many pairs were tested.
    pairs_tested: int
    #: How many of them changed, at the level of the comparison.
    pairs_changed: int
    #: The share of the shift that the changed pairs explain.
    explained: float
    #: The share that they explain outside the named changes.
    unnamed: float
    #: What the pairs leave of the shift, as a share of it: rounding. Of a watched window only the strong pairs' scalars are known, and it is what the others leave.
    residual: float
    #: It says how well names explain the shift. It is absent where nothing changed, or too little to judge a name.
    naming: Naming | None = None
    #: Those that have a name, the largest first. There are none unless the names hold on pictures that did not choose them.
    changes: list[Change]
    #: A change without a word: the changed pairs that fit no name. It is absent where there are none.
    unnamed_change: Change | None = None


@dataclass(kw_only=True)
class Performance:
    """Performance says how often the model classifies pictures right without training, by labels where there are some and by how sure it is. Its classes are the labels of a reference. Estimates hold as long as a confidence means what it means in the reference."""

    #: How many labels are told apart.
    classes: int
    #: How many labelled pictures of the reference there are.
    reference_images: int
    #: How many of the compared pictures have a label that none of the reference has. They are classified wrong, and no estimate knows that.
    other_labels: int
    #: The share of them that are classified right.
    reference_accuracy: float
    #: Of all images.
    all: PerformanceOf
    #: Of the parts, in the order of their names.
    parts: list[PerformanceOf] = field(default_factory=list)
    #: How far the estimates were off, over the parts of which every image has a label. It is absent where there are none.
    error: PerformanceError | None = None


@dataclass(kw_only=True)
class FollowedText:
    """FollowedText follows a text over a profile, images and their parts."""

    #: The text.
    text: str
    #: Those by which it is scored.
    pairs: list[Pair]
    #: The score in the profile, where it watched the text too.
    profile: MeanScore | None = None
    #: The score of all images.
    all: MeanScore
    #: The p-value of Welch's test of the signed score against the profile, where that watched the text too.
    p: float | None = None
    #: It says how much of the text's change is its own. It is absent where the words are too few to say.
    specific: Specificity | None = None
    #: It says that the score changed, at the level of the comparison, and by more than other texts did.
    changed: bool
    #: The scores of the parts.
    groups: list[MeanScore] = field(default_factory=list)
    #: It says how the scores agree with the truth over the images.
    truth_images: ScoreAgreement
    #: It says how they agree over the parts.
    truth_groups: ScoreAgreement


@dataclass(kw_only=True)
class EditedPair:
    """EditedPair is a pair that an edit changes."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: What the pair's scalar is multiplied by about its mean (docs/design.md, 30).
    scale: float
    #: That of the pair's scalar in the atlas of the means.
    mean: float
    #: The mean of the pair's 50 largest centred contribution norms in that atlas.
    strength: float
    #: It says why the pair is edited: pair, head, label or direction.
    why: str
    #: The text that the pair is about; absent where the pair or its head was named.
    text: str | None = None
    #: That of the pair's principal direction with the text; absent unless it is why.
    cosine: float | None = None
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class Erasure:
    """Erasure is an affine map of rank r that takes directions out of embeddings (docs/design.md, 33)."""

    #: Texts or label.
    of: str
    #: Those that are erased; absent for a label.
    texts: list[str] = field(default_factory=list)
    #: Texts whose logits stay; absent where none are to be kept.
    kept: list[str] = field(default_factory=list)
    #: That of the atlas whose classes are erased: label, group or truth; absent for texts.
    column: str | None = None
    #: Those that are erased; absent for texts.
    classes: list[str] = field(default_factory=list)
    #: What is added to the covariance, in parts of its mean eigenvalue; absent for texts and where the covariance needs none.
    ridge: float | None = None
    #: It tells that embeddings of pictures are mapped.
    images: bool
    #: It tells that embeddings of texts are mapped.
    text_side: bool
    #: R, the number of directions that are taken out.
    rank: int


@dataclass(kw_only=True)
class Share:
    """Share is a share of test images with its 95 % Wilson interval."""

    #: How many were right.
    right: int
    #: How many were asked.
    of: int
    #: The lower end of the interval.
    low: float
    #: The upper end of the interval.
    high: float


@dataclass(kw_only=True)
class Draws:
    """Draws sums up a control over random draws."""

    #: The mean accuracy over draws.
    mean: float
    #: The lowest.
    low: float
    #: The highest.
    high: float
    #: The mean cosine with the embedding itself.
    cosine: float
    #: How many draws were made.
    draws: int


@dataclass(kw_only=True)
class ClassPrice:
    """ClassPrice is what an edit does to one class."""

    #: The class.
    class_: str
    #: How many pictures of it are scored.
    images: int
    #: The mean logit τ·cos of the class on its own pictures, in the model as it is; null without pictures.
    logit_before: float | None
    #: That in the edited model.
    logit_after: float | None
    #: The share of its pictures that the model as it is puts into the class.
    before: Share
    #: That of the edited model.
    after: Share


@dataclass(kw_only=True)
class EditResidual:
    """EditResidual is how far embeddings by the weights that were written are from those that were predicted."""

    #: How the weights of the attention pool are taken: stored, as they read from the file; float32, before they were stored; float16, rounded as OpenAI's clip.load does.
    as_: str
    #: It says which scalars the embeddings are of.
    of: str
    #: How many were compared.
    embeddings: int
    #: The largest ‖difference‖ / ‖prediction‖.
    largest: float
    #: The mean of that.
    mean: float


@dataclass(kw_only=True)
class EditSource:
    """EditSource is a model that was edited."""

    #: What it was called: a published name, demo or a path.
    name: str
    #: The digest of its file.
    sha256: str
    #: The size of its file; 0 for the demo model.
    bytes: int
    #: Where it lay; absent for the demo model.
    path: str | None = None
    #: Where it lay, seen from the folder of the edited model; absent for the demo model and on another volume.
    relative: str | None = None


@dataclass(kw_only=True)
class EditPlan:
    """EditPlan is what an edit will do, before anything is done."""

    #: The model that is edited.
    model: Model
    #: The atlas that the means come from.
    means: str
    #: It says how pairs were found for texts; absent where none were looked for.
    rule: str | None = None
    #: Those that change, the strongest first.
    pairs: list[EditedPair]
    #: Pairs that would change but carry a text that is to be kept, the strongest first.
    kept: list[EditedPair]
    #: What is taken out of embeddings, in order.
    erasures: list[Erasure]


@dataclass(kw_only=True)
class GroupOutcome:
    """GroupOutcome is what one method does."""

    #: What was done: as it is, the edit, random, prompts, roboshot or heads.
    method: str
    #: It says what that was, such as the heads that were held.
    detail: str | None = None
    #: The accuracy over all pictures. Of random edits it is that of the first draw.
    average: Share
    #: The accuracy in the cell of a class and a group where it is lowest, among cells with pictures.
    worst: Share
    #: The average less the worst.
    gap: float
    #: The accuracies by class and group, in their orders [classes][groups].
    cells: list[list[Share]]
    #: The worst cell's accuracy over random draws; absent for other methods.
    draws: Draws | None = None
    #: The accuracy on the atlas of other classes; absent without one.
    others: Share | None = None


@dataclass(kw_only=True)
class SuspectPair:
    """SuspectPair is a pair that may hold a spurious cue."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: Cue times the size of the correlation with the group: what pairs are ranked by.
    suspicion: float
    #: By how much the pair's part of the margin (cosine of the right class less that of its rival) is larger on rightly than on wrongly classified pictures of a class, on average over classes by their wrong pictures.
    cue: float
    #: That of the pair's scalar with the group, within classes; of several groups the one of largest size.
    correlation: float
    #: The group that the correlation is with.
    group: str
    #: The mean of the pair's 50 largest centred contribution norms.
    strength: float
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class ClassificationProtocol:
    """ClassificationProtocol is all that decides the scores of a zero-shot classification."""

    #: The name of the data set's layout.
    dataset: str
    #: The SHA-256 of the pictures' names and order and of what is true of them; not of their content.
    pictures_sha256: str
    #: The names that stand in the prompts, in the order of the labels.
    classes: list[str]
    #: The prompts that each name was put into, {} for the name. A class is the unit mean of its prompts' unit embeddings.
    templates: list[str]
    #: It says where names and templates come from.
    words: str
    #: It says what is done to a picture before the model sees it.
    preprocessing: str
    #: It tells whether pictures are turned as their EXIF data say.
    exif_rotate: bool
    #: It says which of equal scores comes first.
    ties: str
    #: The SHA-256 of the checkpoint.
    model_sha256: str
    #: The text tower's.
    activation: str
    #: The hash of this record, with this field empty.
    sha256: str


@dataclass(kw_only=True)
class Estimate:
    """Estimate is a number measured on pictures, with its 95 % interval."""

    #: The number; null where it is not defined.
    value: float | None
    #: The lower end of the interval.
    low: float | None
    #: The upper end of the interval.
    high: float | None


@dataclass(kw_only=True)
class PublishedScore:
    """PublishedScore is a score that others measured, beside the one measured here."""

    #: It says who published it.
    source: str
    #: What it counts.
    metric: str
    #: The published score.
    value: float
    #: The same metric, measured here.
    measured: Estimate
    #: It tells whether the published score lies in the interval of the measured one.
    within: bool
    #: Differs lists what was done otherwise here, as far as it is known. It is empty where nothing is.
    differs: list[str]


@dataclass(kw_only=True)
class ClassScore:
    """ClassScore is what was measured on the pictures of a class."""

    #: The name that stood in the prompts.
    class_: str
    #: How the data set calls the class.
    key: str
    #: How many pictures have the class.
    images: int
    #: The share of them that is right; null where there are none, and where pictures have several classes.
    accuracy: float | None
    #: The class that most of the others were given; absent where there are none.
    mistaken_for: str | None = None
    #: The average precision at eleven points; absent where pictures have one class.
    ap_11_points: float | None | None = None
    #: The average precision as an area; absent where pictures have one class.
    ap_area: float | None | None = None


@dataclass(kw_only=True)
class RetrievalProtocol:
    """RetrievalProtocol is all that decides the scores of a retrieval."""

    #: The name of the data set's layout.
    dataset: str
    #: It says which pictures are measured on.
    split: str
    #: The SHA-256 of the pictures' names and order and of their captions; not of their content.
    pictures_sha256: str
    #: It says what is done to a caption.
    texts: str
    #: It says what is done to a picture before the model sees it.
    preprocessing: str
    #: It tells whether pictures are turned as their EXIF data say.
    exif_rotate: bool
    #: It says which of equal scores comes first.
    ties: str
    #: The SHA-256 of the checkpoint.
    model_sha256: str
    #: The text tower's.
    activation: str
    #: The hash of this record, with this field empty.
    sha256: str


@dataclass(kw_only=True)
class Recall:
    """Recall is the share of searches that find what they look for."""

    #: How many places of a search count.
    k: int
    #: The share.
    recall: Estimate


@dataclass(kw_only=True)
class SegmentationProtocol:
    """SegmentationProtocol is all that decides a segmentation but the picture. The same methods differ by 6 points of mIoU from a background threshold alone, so every result carries one."""

    #: The protocol whose sizes were taken where nothing else was asked: native, paper-384, paper-512 or sclip.
    preset: str
    #: That of the resized picture, in pixels.
    short_side: int
    #: The side of a window, in pixels.
    window: int
    #: The distance from window to window, in pixels.
    stride: int
    #: What logits are multiplied by before the softmax over texts.
    scale: float
    #: The probability below which a pixel is background; 0: there is no threshold.
    threshold: float
    #: The share of what is not background from which on a class may have pixels; absent: any.
    area: float | None = None
    #: Reference where the published code's way was asked for.
    compat: str | None = None
    #: What is done to the logits of pixels: pamr; absent: nothing.
    refine: str | None = None
    #: It says how pictures are resized.
    resize: str
    #: The names of the methods.
    methods: list[str]
    #: How many neuron–head pairs each text has.
    pairs: int
    #: It tells that neurons are those of the block so many before the last; absent: of the last.
    neurons_back: int | None = None
    #: It tells that attention and values are those of the block so many before the last; absent: of the last.
    heads_back: int | None = None
    #: It tells that pictures were turned as their EXIF data say.
    exif_rotate: bool
    #: Those of the pairs' directions: "+" for all, or the SHA-256 of an atlas's signs.
    signs: str
    #: It says what was done about the last token.
    sink: SegmentationSink
    #: The classes, in the order of their labels.
    classes: list[SegmentationClass]
    #: The SHA-256 of all prompts, in order.
    prompts_sha256: str
    #: The SHA-256 of the checkpoint.
    model_sha256: str
    #: That of the text tower.
    activation: str
    #: The data set that was measured on; absent where nothing was measured.
    dataset: str | None = None
    #: It tells that label 0 of the data set's masks counts for nothing and the others are one less.
    reduce_zero_label: bool | None = None
    #: The digest of this record as JSON without white space, its own field empty.
    sha256: str


@dataclass(kw_only=True)
class MethodScore:
    """MethodScore is what a method scored."""

    #: The name of the method.
    method: str
    #: The mean of the classes' IoUs that are defined.
    miou: float | None
    #: The mean of the classes' accuracies that are defined.
    macc: float | None
    #: The mean over pictures of the average precision of the thing against the rest; absent in sets of more classes.
    ap: float | None | None = None
    #: The share of pixels that are right.
    aacc: float | None
    #: The means over groups of classes, for data sets that have groups.
    groups: list[GroupScore] = field(default_factory=list)
    #: What a picture took beyond the image tower: the median.
    seconds: float
    #: The scores of each class, in the order of the labels.
    classes: list[ClassIoU]


@dataclass(kw_only=True)
class Config:
    """Config is the architecture of a CLIP-ResNet, read off its tensors."""

    #: The native side of a picture in pixels, 32·grid.
    image: int
    #: The channels of the stem.
    width: int
    #: The bottlenecks of each layer.
    blocks: list[int]
    #: C, the neurons.
    channels: int
    #: M, the heads of the attention pool.
    heads: int
    #: D, the length of an embedding.
    embed: int
    #: The text tower. It is zero when the checkpoint has the image tower alone.
    text: TextConfig


@dataclass(kw_only=True)
class LabelledPair:
    """LabelledPair is a pair in words. Its own fields are of what it says."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: ‖u‖.
    norm: float
    #: False where the words explain no more than chance does.
    named: bool
    #: Label holds the words to show, of most weight first, whether the pair is named or not.
    label: list[Word]
    #: The share of the direction that all terms together explain.
    explained: float
    #: How much more like the direction the first word is than the runner-up.
    margin: float
    #: The expected cosine of the first word with the first word when the bank is drawn anew with replacement.
    stability: float
    #: That the name is right, by the calibration asked for; absent without one, and where there is no name.
    probability: float | None = None
    #: The texts, in the order in which the fit took them.
    terms: list[Term]
    #: What the pair fires for.
    fires: Words | None = None


@dataclass(kw_only=True)
class WordReconstruction:
    """WordReconstruction is what is left of a model when each pair's direction is replaced by its sparse label: means stay as they are, what varies goes along the words (paper, table of labels)."""

    #: How many words a label has; 0: the pairs' own directions.
    terms: int
    #: Zero-shot.
    accuracy: Share
    #: The mean cosine with the model's own embedding, both minus the mean.
    cosine: float


@dataclass(kw_only=True)
class Ablated:
    """Ablated is what becomes of the detection of a concept when the pairs named by it are held at their mean. It is measured by the AUC of the cosine of image and word."""

    #: The concept.
    word: str
    #: How many pairs are named by it.
    pairs: int
    #: The AUC before.
    before: float
    #: Its fall.
    own: float
    #: The mean fall of the other concepts' AUC.
    others: float
    #: Its own fall when as many random pairs of equal strength are held, the mean of five draws.
    control: float


@dataclass(kw_only=True)
class Truth:
    """Truth is how well the scalars of pairs tell the presence of what they are named by."""

    #: How many pairs were asked.
    pairs: int
    #: How many of them have a label better than chance.
    named: int
    #: Unknown counts labels whose first word has no ground truth here. They do not count as predictive.
    unknown: int | None = None
    #: How many of the named have an AUC of 0.8 or more.
    predictive: int
    #: The pairs, in the order of the names.
    rows: list[Detection]


@dataclass(kw_only=True)
class NamingWay:
    """NamingWay is a way to name pairs, judged."""

    #: Fires and says (facet's names), clip-dissect, invert-1 and invert-3 (at most so many words), another-pair (the name of another pair, of those that fire), random-word, or best-word, which no name of one word can exceed.
    way: str
    #: It tells that the way was told what is in pictures.
    knows: bool | None = None
    #: How many pairs it names by a word of which it is known where it is.
    named: SeedSpread
    #: The share of the named whose value tells the word with an AUC of 0.8 or more.
    right: SeedSpread
    #: Their mean.
    auc: SeedSpread
    #: The mean AUC of CoSy, in scenes made of the word against all scenes that judge; only where scenes can be made.
    cosy_auc: SeedSpread | None = None
    #: The mean difference of activation of CoSy, in standard deviations.
    cosy_mad: SeedSpread | None = None
    #: The mean cosine of the word with the best word for the pair, both as texts: CLIP-Dissect's score. Names that something is missing do not count.
    text_cosine: SeedSpread | None = None


@dataclass(kw_only=True)
class Calibration:
    """Calibration is how honest the probability of a name is, judged by other scenes and other neurons than those it was fitted to."""

    #: Fires or says.
    sense: str
    #: How many were judged, over all seeds.
    names: int
    #: The share of them that is right.
    right: float
    #: The mean squared difference of probability and truth.
    brier: float
    #: The Brier score where the share that is right is said of each name.
    base: float
    #: The expected calibration error: the mean difference of probability and share over tenths, weighted by names.
    ece: float
    #: The tenths of the probability that have names.
    bins: list[CalibrationBin]
    #: Rule makes the probability of a name that nobody has judged: facet label --calibration. It is fitted to all names judged.
    rule: CalibrationRule


@dataclass(kw_only=True)
class NameDiscovery:
    """NameDiscovery is what stands of one sense of names at a false discovery rate of 5 %, by Benjamini and Hochberg, of the first seed."""

    #: Fires or says.
    sense: str
    #: How many were tested.
    pairs: int
    #: How many facet label names.
    named: int
    #: How many of the named are right.
    named_right: int
    #: How many pairs a first word explains better than chance, of all; null where the texts of the labels are not at hand.
    meaning: int | None
    #: How many of these have a first word that is right.
    meaning_right: int | None
    #: How many of the named are right beyond doubt: their AUC is above 0.8.
    holding: int


@dataclass(kw_only=True)
class UsedPair:
    """UsedPair says what a pair did in a dataset."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The mean of the pair's 50 largest centred contribution norms.
    norm: float
    #: That of the pair's scalar.
    mean: float
    #: The standard deviation of the scalar.
    deviation: float
    #: +1 or −1: that of the pair's principal direction against its direction u.
    sign: int
    #: The summed squared distance to their mean of the unit embeddings of its ten images of largest centred norm.
    polysemanticity: float
    #: The texts nearest to sign·u, where a bank is at hand.
    words: list[Match] = field(default_factory=list)
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class Unit:
    """Unit is a neuron or a pair with the images in which it contributes most."""

    #: The neuron, or that of the pair.
    neuron: int
    #: That of the pair, and absent for the neuron itself.
    head: int | None = None
    #: The mean of a pair's 50 largest centred contribution norms, and 0 for the neuron itself.
    norm: float
    #: The texts nearest to the pair's principal direction, where a bank is at hand.
    words: list[Match] = field(default_factory=list)
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None
    #: Those of largest contribution, the largest first.
    images: list[UnitImage]


@dataclass(kw_only=True)
class PropertyUnit:
    """PropertyUnit is a unit with its score. A head has no neuron, and a neuron no head."""

    #: The neuron, or that of the pair.
    neuron: int | None = None
    #: The head, or that of the pair.
    head: int | None = None
    #: The mean correlation over images of the unit's contribution with the whole embedding, along the directions of the property.
    score: float
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class NearImage:
    """NearImage is an image with how alike a part of its embedding is to that of another image."""

    #: Its row in the atlas, from 0.
    image: int
    #: Where it lies in its dataset.
    path: str
    #: Its class, where it has one.
    label: str | None = None
    #: That of the two images' contributions of the part, the mean over images taken off.
    cosine: float


@dataclass(kw_only=True)
class ConfusedPair:
    """ConfusedPair is a pair with what it says of two texts."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: That of its unit direction with the difference of the two texts.
    product: float


@dataclass(kw_only=True)
class PushingWord:
    """PushingWord is a word with what pairs bring to it."""

    #: The word.
    text: str
    #: The sum over pairs of the word's coefficient in the pair's label times what the pair does.
    amount: float
    #: How many of the pairs have the word in their label.
    pairs: int


@dataclass(kw_only=True)
class ReproductionStep:
    """ReproductionStep is a part of the work that needs one data set. It is kept as a JSON file, and made again only when what it depends on has changed."""

    #: Its name.
    step: str
    #: Fingerprint changes with the model, the data and the settings.
    fingerprint: str | None = None
    #: It says what was measured on.
    data: str | None = None
    #: It says what is needed to take the step; empty where it was taken.
    missing: str | None = None
    #: It tells that the step was taken by an earlier run.
    kept: bool | None = None
    #: How long the step took.
    seconds: float | None = None
    #: What its files take on disk.
    bytes: int | None = None
    #: Those of the paper that the step measures.
    figures: list[PaperFigure]


@dataclass(kw_only=True)
class Hit:
    """Hit is a unit that was found. A neuron has no head, and a head no neuron."""

    #: The number of the neuron.
    neuron: int | None = None
    #: The number of the head.
    head: int | None = None
    #: That of the unit's direction with the text.
    cosine: float
    #: The mean of the 50 largest centred contribution norms of a pair in an atlas.
    use: float | None = None
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class Match:
    """Match is a text with its cosine to what was asked."""

    #: The text.
    text: str
    #: Its cosine to what was asked.
    cosine: float


@dataclass(kw_only=True)
class SegmentedImage:
    """SegmentedImage is a picture with the classes that are in it."""

    #: The path of the picture, or its name where it is no file.
    image: str
    #: Width of the picture, in pixels.
    width: int
    #: Height of the picture, in pixels.
    height: int
    #: How many windows the image tower looked at.
    windows: int
    #: How long the picture took, without decoding it.
    seconds: float
    #: The classes that some pixel has, the largest first.
    classes: list[ClassShare]
    #: It says which pairs made a region what it is; absent where nobody asked.
    why: RegionReason | None = None


@dataclass(kw_only=True)
class Register:
    """Register is a neuron that draws attention to the watched token."""

    #: Its number.
    neuron: int
    #: That of the token's attention that goes when the neuron is zeroed there.
    share: float


@dataclass(kw_only=True)
class SinkAccuracy:
    """SinkAccuracy is zero-shot accuracy with every place, and with the watched one left out."""

    #: With every place.
    with_: Share
    #: Without the watched place.
    without: Share


@dataclass(kw_only=True)
class NamedPair:
    """NamedPair is a pair with its names."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class PublishedSink:
    """PublishedSink is what the published code finds of the last place, by its own rules."""

    #: Those that change the attention of the last place most when they are zeroed in every token, the strongest first.
    neurons: list[PublishedRegister]
    #: Those whose contribution changes most in length when the attention of the last place is set to zero.
    pairs: list[PublishedPair]
    #: The neurons that the published ablation sets to zero: those by which that attention falls most.
    zeroed: list[int]
    #: The accuracy with the attention of the last place at zero and the rest as it is; absent without labels of two classes at least.
    zero_sink: Share | None = None
    #: The accuracy with Zeroed at zero in every token; absent as ZeroSink.
    zero_neurons: Share | None = None


@dataclass(kw_only=True)
class Reconstruction:
    """Reconstruction is what is left of the test images' embeddings when each unit keeps its mean and its first components (docs/design.md, 17)."""

    #: How many each unit keeps; 0 leaves the means alone.
    components: int
    #: How many texts the one direction of each unit is written in; absent where the direction is its own.
    words: int | None = None
    #: Zero-shot.
    accuracy: Share
    #: The mean cosine with the embedding itself.
    cosine: float
    #: Half the width of its 95 % interval.
    cosine_half_width: float


@dataclass(kw_only=True)
class UnitComponents:
    """UnitComponents are the components of one neuron or head."""

    #: Its number.
    unit: int
    #: That of its contributions along each component; with compat reference the mean square over the images that it takes.
    variance: list[float]
    #: The share of the first component that the texts explain.
    explained: float
    #: The first texts, with their weights in a fit of these alone. The sign of a component means nothing, so that of all weights together does not.
    words: list[Word]
    #: All texts whose sum the first component is written as.
    terms: list[Term]


@dataclass(kw_only=True)
class Ablation:
    """Ablation is a point of the ablation curve (docs/design.md, 18)."""

    #: That of strength at which units are held.
    percentile: float
    #: How many units are held at their mean.
    held: int
    #: How many units there are.
    of: int
    #: Zero-shot.
    accuracy: Share
    #: The mean cosine with the embedding itself.
    cosine: float
    #: The accuracy when as many units are held that were drawn at random; absent where nobody asked.
    random: Draws | None = None


@dataclass(kw_only=True)
class NotableAblation:
    """NotableAblation is what is left when units are held image by image: a unit is of note in an image where its contribution is longer than its own fiftieth longest among the images that means come from."""

    #: It says which units are held at their mean: none, notable, others or all.
    held: str
    #: How many are held in an image, on average.
    mean_held: float
    #: How many units there are.
    of: int
    #: Zero-shot.
    accuracy: Share
    #: The mean cosine with the embedding itself.
    cosine: float


@dataclass(kw_only=True)
class ScoredUnit:
    """ScoredUnit is a unit with its score. A neuron has no head, and a head no neuron."""

    #: Its number, or that of the pair.
    neuron: int | None = None
    #: Its number, or that of the pair.
    head: int | None = None
    #: The unit's polysemanticity (docs/design.md, 19).
    score: float


@dataclass(kw_only=True)
class Spread:
    """Spread is a distribution in a few numbers."""

    #: The least value.
    Low: float
    #: The lower quartile.
    Quarter: float
    #: The median.
    Median: float
    #: The upper quartile.
    ThreeQuarters: float
    #: The largest value.
    High: float


@dataclass(kw_only=True)
class PolysemanticityComparison:
    """PolysemanticityComparison sets a pair of each neuron against the neuron."""

    #: How many neurons were compared.
    neurons: int
    #: How many neurons have a pair that is less polysemantic.
    lower: int
    #: How many have one that is more so.
    higher: int
    #: That of the difference, pair less neuron.
    median: float
    #: The p-value of the two-sided sign test that both are as likely.
    p_value: float


@dataclass(kw_only=True)
class TreeNode:
    """TreeNode is a set of heads that a neuron passes."""

    #: Its number, from 0.
    node: int
    #: Those of the node, rising.
    heads: list[int]
    #: The two nodes that it merges; absent for a single head.
    children: list[int] = field(default_factory=list)
    #: The distance at which they were merged; 0 for a single head.
    height: float
    #: The node's covariance with the neuron over the neuron's variance. It is negative where the node works against the rest.
    share: float
    #: The variance of the node's contribution over the neuron's.
    own: float
    #: Fires names what the node fires for. Parts and the nodes above them have it, where there are words.
    fires: Name | None = None
    #: It says how much alike the images are for which the node fires. Parts and the nodes above them have it, where the atlas keeps scalars.
    score: TreeScore | None = None
    #: Those of largest contribution, the largest first; of parts and the nodes above them, where the atlas keeps scalars.
    images: list[UnitImage] = field(default_factory=list)


@dataclass(kw_only=True)
class TreeSplit:
    """TreeSplit says how cleanly a neuron is split into parts."""

    #: The score of the neuron itself.
    neuron: TreeScore
    #: The mean score of the parts, each by the variance of its contribution.
    parts: TreeScore
    #: The mean of that over random partitions of the heads into parts of the same sizes.
    null: TreeScore
    #: The standard deviation over these partitions.
    null_deviation: TreeScore
    #: The share of partitions that score as high, the parts themselves among them.
    p_value: TreeScore
    #: How many random partitions there were.
    draws: int
    #: How many images were scored.
    images: int


@dataclass(kw_only=True)
class TreeCounts:
    """TreeCounts counts neurons by each score."""

    #: By clarity.
    clarity: int
    #: By the MonoSemanticity score.
    monosemanticity: int


@dataclass(kw_only=True)
class SplitNeuron:
    """SplitNeuron is a neuron with how it splits."""

    #: Its number.
    neuron: int
    #: The heads of each part, the largest share first.
    parts: list[list[int]]
    #: Those of the parts.
    shares: list[float]
    #: What neurons are ordered by: the mean over both scores of (parts − null)/deviation of the null.
    rank: float
    #: Split sets the parts against random partitions of the heads.
    split: TreeSplit


@dataclass(kw_only=True)
class Check:
    """Check compares what a model is or does with what it must be or do."""

    #: It says what was compared.
    check: str
    #: Ok, wrong, doubtful or does not apply.
    verdict: str
    #: It says what was found, and why a check does not apply.
    found: str
    #: The number that was measured; absent where a check has none.
    measured: float | None | None = None
    #: What it must be, and absent with it.
    expected: float | None | None = None
    #: How far the two may lie apart, and absent with them.
    tolerance: float | None | None = None


@dataclass(kw_only=True)
class Engine:
    """Engine is what runs a network."""

    #: The engine's, with its version.
    name: str
    #: The file of ONNX Runtime; absent where another engine runs.
    library: str | None = None
    #: It says why it is not ONNX Runtime; absent where it is.
    reason: str | None = None


@dataclass(kw_only=True)
class WatchedText:
    """WatchedText is a watched text in a window."""

    #: The text.
    text: str
    #: The mean of the signed score.
    score: float
    #: The lower end of its 95 % interval.
    low: float
    #: The upper end of the interval.
    high: float
    #: The mean in the profile.
    profile: float
    #: The difference of the means, in standard deviations of the profile's images.
    effect: float
    #: The p-value of Welch's test against the profile.
    p: float
    #: It says how much of the text's change is its own. It is absent where the words are too few to say.
    specific: Specificity | None = None
    #: That for a change of the text, as a share of what raises an alert.
    evidence: float


@dataclass(kw_only=True)
class Evidence:
    """Evidence is an e-process: what speaks for a change of one number that is followed."""

    #: A watched text by its five pairs, a watched text with "(whole embedding)", a pair as (neuron,head), "embedding", or a quality of pictures.
    followed: str
    #: A pair in words, where words fit.
    label: str | None = None
    #: For larger numbers than the profile's.
    up: bool
    #: A share of what raises an alert: one is raised at 1.
    value: float


@dataclass(kw_only=True)
class ImageOrder:
    """ImageOrder says what the order means in which images come. The budget holds for images whose order means nothing."""

    #: That of neighbours, by the ranks of all that is followed, over all windows so far: 0 where the order means nothing.
    lag_correlation: float
    #: That the order means something, as a share of what a warning needs: there is one at 1.
    evidence: float
    #: How many images apart they are as good as independent.
    step: int
    #: It says that every n-th image of the window was compared and bet on; 0: none was bet on.
    every: int


@dataclass(kw_only=True)
class WindowSpan:
    """WindowSpan are windows of a stream: two, and those between them."""

    #: The first.
    from_: int
    #: The last.
    to: int


@dataclass(kw_only=True)
class Alert:
    """Alert says that something is no longer as in the reference, and was not said before."""

    #: The number of the shape, 2. It is absent in what format 1 left.
    format: int
    #: The group whose stream raises the alert. It is absent where the stream is followed as a whole.
    group: str | None = None
    #: The number of the window that raises the alert.
    window: int
    #: The chance of any false alert over the whole stream, at most; with the guarantee "arl", 1 over the windows between false alerts. A group has a share of the budget of all groups.
    budget: float
    #: Arl where the budget bounds how often there are false alerts. It is absent where it bounds whether there is ever one.
    guarantee: str | None = None
    #: Begin, change, clear or return: an episode begins; it has a name, or another drift, that was not told; its images are as in the reference again; or the drift of an earlier episode is back, by its name or by the way in which the mean embedding moves, which begins an episode too. It is absent in streams that were begun before there were episodes.
    event: str | None = None
    #: The number of the episode, from 1.
    episode: int | None = None
    #: All that the episode has said so far.
    said: list[str] = field(default_factory=list)
    #: What was not said before: watched texts and named changes; "(unnamed)" where no change has a name; of another drift beside a named one, pairs, qualities of pictures or "embedding".
    new: list[str]
    #: What crossed the line in this window.
    raised_by: list[Evidence]
    #: The first of the windows over which what raised the alert has grown. Changes are those of their images.
    from_: int
    #: How many these windows hold.
    images: int
    #: Those that have a name, the largest first.
    changes: list[Change]
    #: A change without a word: the changed pairs that fit no name. It is absent where there are none.
    unnamed_change: Change | None = None


@dataclass(kw_only=True)
class Class:
    """Class is a label with its logit τ·cos and its probability among the labels."""

    #: The label.
    label: str
    #: τ·cos of picture and label.
    logit: float
    #: The softmax of the logits of all labels.
    probability: float


@dataclass(kw_only=True)
class Why:
    """Why is what speaks for the first label of a picture rather than for another."""

    #: The most likely label.
    first: str
    #: The label that it is compared with: the one after it, or the one that was asked for.
    second: str
    #: The logit of the first less that of the second, among all labels that were asked for. The groups sum to it.
    difference: float
    #: How far the parts of all pairs are from summing to the difference, relative to Σ|part|: rounding alone.
    residual: float
    #: The words of pairs: positive, a word speaks for the first label; negative, for the second. Shares are of the difference.
    groups: list[Group]


@dataclass(kw_only=True)
class TurnedPair:
    """TurnedPair is a pair whose direction changed."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: That of both directions, 0 where one has no length.
    cosine: float
    #: The length of the direction in B over that in A.
    length_ratio: float
    #: The length of the difference over the longer of both, from 0 to 2.
    change: float
    #: The texts most like the difference, where a bank is at hand.
    more: list[Match] = field(default_factory=list)
    #: The texts most like its opposite.
    less: list[Match] = field(default_factory=list)
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class ChangedPair:
    """ChangedPair is what a pair brings to the difference of the embeddings."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: All that the pair brings: the sum of the three that follow.
    share: float
    #: Its share of Δs·u.
    fires: float
    #: Its share of s·Δu.
    says: float
    #: Its share of Δs·Δu.
    both: float
    #: That of its directions in A and B.
    cosine: float
    #: The length of the direction in B over that in A.
    length_ratio: float
    #: The correlation of its scalars in A and B over the images; null where either never changes.
    alike: float | None
    #: By how much the mean of what it does moved, in deviations of A.
    mean_shift: float
    #: The mean deviation of what it does in B over that in A; null where A's is 0.
    size_ratio: float | None
    #: The adjusted p-value that it differs no more than A does between two halves of the images.
    p_value: float
    #: Those of the pair: fires and says stand for shares here.
    names: Names


@dataclass(kw_only=True)
class ClassPair:
    """ClassPair is a pair's part of a change of a margin. The parts of all pairs and the constant sum to the change."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The pair's part.
    amount: float
    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class MatchedPair:
    """MatchedPair is a pair of A with its partner in B."""

    #: The pair of A.
    a: NamedPair
    #: Its partner.
    b: NamedPair
    #: The correlation of their scalars on the images that they were matched on.
    fit: float
    #: That on the other images.
    held_out: float


@dataclass(kw_only=True)
class DemoFacet:
    """DemoFacet is what a neuron says through one head."""

    #: That of the pair.
    head: int
    #: The first that the pair fires for.
    word: str
    #: The pair's part of what the groups of the explanation sum to.
    amount: float
    #: The mean of the pair's scalar over 4,000 scenes.
    mean: float
    #: Those of the pair in the scenes, in order.
    scalars: list[float]


@dataclass(kw_only=True)
class ClassShare:
    """ClassShare is how much of a picture a class has."""

    #: The name of the class.
    class_: str
    #: The value of its pixels in the picture of labels.
    label: int
    #: How many pixels have the class.
    pixels: int
    #: Pixels over all pixels of the picture.
    share: float


@dataclass(kw_only=True)
class Name:
    """Name is a direction in words."""

    #: False where the words explain no more than chance does.
    named: bool
    #: Label holds the words to show, of most weight first, whether the pair is named or not.
    label: list[Word]


@dataclass(kw_only=True)
class GroupPair:
    """GroupPair is a pair in a group."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: How much of the pair belongs to the group, from 0 to 1.
    of: float
    #: That portion's part.
    amount: float
    #: Amount / |groups_total|.
    share: float


@dataclass(kw_only=True)
class DomainClassifier:
    """DomainClassifier says how well a logistic regression on embeddings tells images from those of the profile. It learns from four fifths of the images and is tested on the rest, five times."""

    #: How many of those compared it has: 400 at most.
    images: int
    #: How many of the profile's sample it has: 400 at most.
    profile_images: int
    #: How many principal components of the embeddings it sees.
    components: int
    #: The chance that it ranks a new image above one of the profile, on images that it did not learn from: 0.5 where it cannot tell.
    auc: float
    #: The mean AUC when the sides are dealt by lot.
    auc_null: float
    #: What 95 in 100 of these stay below.
    auc_null_high: float
    #: The permutation p-value.
    p: float


@dataclass(kw_only=True)
class Naming:
    """Naming says how well names explain a shift, on the half of the pictures that did not choose them."""

    #: The share of the shift that the names explain; without names, the share that the closest one does.
    explained: float
    #: The name that fits best, also where it does not hold.
    closest: str
    #: The share of what other names leave of the shift that it must explain to hold.
    needed: float


@dataclass(kw_only=True)
class Change:
    """Change is a word, or a quality of pictures, with the pairs whose part of the shift is most like it."""

    #: Word names the change. It is empty where no word fits.
    word: str
    #: It says that the word is a quality of pictures, such as noise, whatever they show.
    quality: bool
    #: It says that there is more of it than in the profile, and not less.
    more: bool
    #: That of the shift of the mean embedding.
    share: float
    #: The shift along the word, in standard deviations of the profile's embeddings.
    effect: float
    #: The ten of largest share.
    pairs: list[PairTest]
    #: How many pairs there are in all.
    pair_count: int
    #: The images of the profile that are most like the word.
    before: list[str]
    #: Those of the compared images.
    after: list[str]
    #: The compared images that carry the change most, whatever they are like: those whose pairs move furthest along what the change's pairs add to the shift. It is absent in what earlier versions kept.
    carry: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class GivenValue:
    """GivenValue is a value, such as a camera."""

    #: The value.
    value: str
    #: How many of those compared have it.
    images: int
    #: How many of the profile's sample have it.
    profile_images: int
    #: Its share of the profile's images of all values.
    weight: float


@dataclass(kw_only=True)
class PerformanceOf:
    """PerformanceOf is how often some pictures are classified right."""

    #: That of the part; absent for all images.
    name: str | None = None
    #: How many there are.
    images: int
    #: How many of them have a label.
    labelled: int
    #: The share of those with a label that are classified right. It is absent where none has one.
    accuracy: float | None = None
    #: The estimate without labels: the mean of the first labels' probabilities, calibrated on the reference. The interval is for the accuracy on these images.
    calibrated: Interval
    #: Another estimate: the share of probabilities above the one that as many of the reference miss as are classified wrong (ATC).
    threshold: float
    #: The mean of the probabilities as they are.
    confidence: float


@dataclass(kw_only=True)
class PerformanceError:
    """PerformanceError is how far estimates of the accuracy were off, where labels say what it is."""

    #: How many were looked at.
    parts: int
    #: The mean absolute error of the calibrated estimate.
    calibrated: float
    #: How many of its intervals hold the accuracy.
    within_interval: int
    #: The mean absolute error of the estimate by a threshold.
    threshold: float
    #: That of the mean probability.
    confidence: float


@dataclass(kw_only=True)
class Pair:
    """Pair is a neuron–head pair."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int


@dataclass(kw_only=True)
class MeanScore:
    """MeanScore is the mean score of a text over some images."""

    #: That of the part; absent for all images.
    name: str | None = None
    #: How many there are.
    images: int
    #: The mean of the signed score.
    signed: Interval | None
    #: The mean of the paper's score, which is a norm.
    norm: Interval | None
    #: The mean of what is known to be true of the images, where it is known.
    truth: float | None = None


@dataclass(kw_only=True)
class Specificity:
    """Specificity says how much of a text's change is its own, and how much all texts share. Pictures that are zoomed or lose their colours move all texts. Effect² is Shared² + Specific², where the effect is the larger one."""

    #: The shift of the text's score by the five strong pairs most like it, in standard deviations of the profile's sample.
    effect: float
    #: The effect that other texts have: the root of its mean square.
    shared: float
    #: What is left of the effect without the shared part.
    specific: float
    #: The p-value that the text moves as the others do.
    p: float
    #: How many words there are to compare with that are not like the text.
    others: int


@dataclass(kw_only=True)
class ScoreAgreement:
    """ScoreAgreement holds correlations with the truth; absent where there is no truth, or it does not vary."""

    #: That of the signed score.
    signed: float | None = None
    #: That of the paper's score.
    norm: float | None = None


@dataclass(kw_only=True)
class SegmentationSink:
    """SegmentationSink is the part of a protocol about the last token, which draws attention in many CLIP-ResNets."""

    #: Auto (method facet goes by whether there is a sink), drop (all methods do) or published (none does).
    rule: str
    #: It tells that the last token was found to be an attention sink. It is false as well where nobody looked.
    exists: bool
    #: The neurons through which it draws attention, the strongest first; absent where there are none.
    registers: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class SegmentationClass:
    """SegmentationClass is a class in words."""

    #: The name of the class.
    name: str
    #: The texts that mean it. They are null for a background that a threshold alone decides about.
    texts: list[str]


@dataclass(kw_only=True)
class GroupScore:
    """GroupScore is what a method scored on some of the classes."""

    #: The name of the group.
    group: str
    #: The mean of the IoUs of its classes that are defined.
    miou: float | None


@dataclass(kw_only=True)
class ClassIoU:
    """ClassIoU is what a method scored on a class."""

    #: The name of the class.
    class_: str
    #: Right pixels over those that have the class in truth or were given it; null where there are none.
    iou: float | None
    #: Right pixels over those that have the class in truth; null where there are none.
    accuracy: float | None
    #: The class that most of the missed pixels were given; absent where none was missed.
    mistaken_for: str | None = None


@dataclass(kw_only=True)
class TextConfig:
    """TextConfig is the architecture of a text tower."""

    #: The channels of a token.
    width: int
    #: The transformer's blocks.
    layers: int
    #: The heads of each block.
    heads: int
    #: How many tokens there are.
    vocabulary: int
    #: The most tokens of a text, start and end included.
    context: int


@dataclass(kw_only=True)
class Word:
    """Word is a word of a label."""

    #: The word.
    text: str
    #: The word's weight in a fit with the words of the label alone.
    weight: float


@dataclass(kw_only=True)
class Term:
    """Term is a text in a sum."""

    #: The text.
    text: str
    #: Its weight in the sum of all terms.
    coefficient: float
    #: The share of the direction that the terms up to this one explain.
    explained: float
    #: That of the sum of the terms up to this one with the direction.
    cosine: float


@dataclass(kw_only=True)
class Words:
    """Words is a direction as a sum of texts."""

    #: False where the words explain no more than chance does.
    named: bool
    #: Label holds the words to show, of most weight first, whether the pair is named or not.
    label: list[Word]
    #: The share of the direction that all terms together explain.
    explained: float
    #: How much more like the direction the first word is than the runner-up.
    margin: float
    #: The expected cosine of the first word with the first word when the bank is drawn anew with replacement.
    stability: float
    #: That the name is right, by the calibration asked for; absent without one, and where there is no name.
    probability: float | None = None
    #: The texts, in the order in which the fit took them.
    terms: list[Term]


@dataclass(kw_only=True)
class Detection:
    """Detection is a pair, its label and what its scalar knows."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The mean of the pair's 50 largest centred contribution norms.
    strength: float
    #: +1 where strong scalars are large ones, −1 where they are small ones.
    sign: int
    #: The first of the label; empty: unnamed.
    word: str
    #: It tells that the label says that the word is missing.
    not_: bool | None = None
    #: It tells that it is not known where the word is.
    unknown: bool | None = None
    #: The label.
    label: str
    #: That of sign·s for the word, or of −sign·s where the word is missing; 0 when unnamed or unknown.
    auc: float
    #: The concept that sign·s tells best.
    best: str
    #: How well it does.
    best_auc: float
    #: That the first word is right, by a regression on margin, stability and explained share that has not seen the pair; null without a known word.
    probability: float | None
    #: Mann and Whitney's p-value that images with and without the word have the same values, as INVERT and CoSy give it; null without a known word.
    rank_sum_p: float | None
    #: The p-value that the AUC is 0.8 or less, adjusted over the named pairs (Benjamini and Hochberg); null without a known word.
    wrong_q: float | None
    #: The p-value that the first word explains no more than that of something meaningless, adjusted over all labelled pairs that were tested; null where the texts of the labels are not at hand.
    chance_q: float | None
    #: INVERT's name for the pair, of at most three words; empty for pairs that are not compared.
    invert: str | None = None
    #: CLIP-Dissect's name for it.
    clip_dissect: str | None = None


@dataclass(kw_only=True)
class SeedSpread:
    """SeedSpread is a number over sets of scenes."""

    #: The mean over the sets.
    mean: float
    #: Their standard deviation, 0 for one.
    sd: float
    #: The smallest.
    least: float
    #: The largest.
    most: float


@dataclass(kw_only=True)
class CalibrationBin:
    """CalibrationBin are the names whose probability lies in a tenth."""

    #: Where the tenth begins.
    low: float
    #: How many there are.
    names: int
    #: The mean of what was said.
    probability: float
    #: The share that is right.
    right: float


@dataclass(kw_only=True)
class CalibrationRule:
    """CalibrationRule makes a probability of three marks of a name: its margin, its stability and the share of the direction that its shown words explain. Each mark is put in deviations from its mean and weighted. With the last weight, the constant, they add up to the log odds."""

    #: That of each mark.
    mean: list[float]
    #: The standard deviation of each mark.
    deviation: list[float]
    #: Those of the marks, and the constant.
    weights: list[float]


@dataclass(kw_only=True)
class UnitImage:
    """UnitImage is an image in which a unit contributes much."""

    #: The row of the picture in the atlas, from 0.
    image: int
    #: Where the picture lies. Where it is not found, it is the path that the atlas has, from the root of its dataset.
    path: str
    #: The image's class, where it has one.
    label: str | None = None
    #: That of the centred contribution; in the reference's order, that of the whole one.
    norm: float


@dataclass(kw_only=True)
class PaperFigure:
    """PaperFigure is a figure of the paper beside the measured one."""

    #: Key names the figure, and stands in docs/research/paper.md.
    key: str
    #: It says what is measured.
    what: str
    #: %, points, r or empty.
    unit: str | None = None
    #: The paper's value in that unit; absent where it gives none.
    published: float | None | None = None
    #: The value here, in the same unit; absent where none was measured.
    measured: float | None | None = None
    #: The lower end of its 95 % interval; absent where there is none.
    low: float | None | None = None
    #: The upper end of it.
    high: float | None | None = None
    #: How many pictures the value is of.
    of: int | None = None
    #: It says in words what was found, where a number is not all.
    found: str | None = None
    #: Agrees, differs, other model, other data, no number or not measured.
    verdict: str


@dataclass(kw_only=True)
class RegionReason:
    """RegionReason is what made a region of a picture look like its class."""

    #: Left, top, right and bottom in pixels of the picture, the last two exclusive.
    region: list[int]
    #: The class that most of the region has.
    class_: str
    #: The text of that class with the largest logit there.
    text: str
    #: The text's mean over the region, before any refinement. The amounts of all pairs sum to it.
    logit: float
    #: Those that bring most, the strongest first.
    pairs: list[PairReason]


@dataclass(kw_only=True)
class PublishedRegister:
    """PublishedRegister is a neuron with what the attention of the last place loses without it, as a mean over heads and pictures."""

    #: Its number.
    neuron: int
    #: The mean over pictures of the change without its sign.
    size: float
    #: The mean of what is lost.
    signed: float


@dataclass(kw_only=True)
class PublishedPair:
    """PublishedPair is a pair with how much the length of its contribution changes without the attention of the last place."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The mean over pictures.
    change: float


@dataclass(kw_only=True)
class TreeScore:
    """TreeScore says how much alike images are, from −1 to 1 (docs/design.md, 40)."""

    #: The mean cosine between the embeddings of the ten images of largest contribution.
    clarity: float
    #: The mean cosine between the embeddings of all images, weighted by their contributions.
    monosemanticity: float


@dataclass(kw_only=True)
class Names:
    """Names are what a pair is called, where a bank or an atlas with labels is at hand."""

    #: Says names where the pair's direction points.
    says: Name | None = None
    #: Fires names what the images show in which the pair's scalar is extreme. It needs an atlas.
    fires: Name | None = None


@dataclass(kw_only=True)
class PairTest:
    """PairTest is the difference of a strong pair between images and a profile."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: The pair in words; empty where it has none.
    label: str
    #: That of the mean of the pair's scalar.
    shift: float
    #: The shift in standard deviations of the profile's images.
    effect: float
    #: The p-value of the test of the pair alone: of the means, or of the ranks.
    p: float
    #: The p-value after Benjamini and Hochberg, over the tests of all strong pairs; of a part, over those of all parts too.
    p_adjusted: float
    #: It says that the ranks were tested, since the scalar has heavy tails.
    by_ranks: bool
    #: That of the shift of the mean embedding.
    share: float


@dataclass(kw_only=True)
class Interval:
    """Interval is a mean with its 95 % interval."""

    #: The mean.
    mean: float
    #: The lower end of the interval. One image has none.
    low: float | None = None
    #: Its upper end.
    high: float | None = None


@dataclass(kw_only=True)
class PairReason:
    """PairReason is what one pair brings to a logit."""

    #: That of the pair.
    neuron: int
    #: That of the pair.
    head: int
    #: What the pair brings, in units of the logit.
    amount: float
    #: Amount over the logit's absolute value: positive for the text.
    share: float
    #: The texts most like the pair's direction; absent without a bank.
    words: list[Match] = field(default_factory=list)


#: By verb, the class of what it prints with --json.
ANSWERS: dict[str, type] = {
    "ablate": Ablations,
    "classify": Classification,
    "compare": ModelComparison,
    "components": Components,
    "confuse": Confusion,
    "demo --evaluate": DemoEvaluation,
    "demo": Demo,
    "discover": Discovery,
    "drift accept": Accepted,
    "drift compare": Drift,
    "drift merge": Profile,
    "drift profile": Profile,
    "drift watch": Window,
    "edit --dry-run": EditPrice,
    "edit --undo": Undone,
    "edit suggest": EditSuggestion,
    "edit": Edited,
    "embed": Embeddings,
    "evaluate classification": ClassificationScores,
    "evaluate groups": GroupReport,
    "evaluate labels": LabelReport,
    "evaluate retrieval": RetrievalScores,
    "evaluate segmentation": SegmentationScores,
    "explain": Explanation,
    "label": Labels,
    "model doctor": Diagnosis,
    "model inspect": Inspection,
    "model pull": ListedModel,
    "model verify": Verification,
    "nearest": Nearest,
    "neuron": Neuron,
    "pairs": Pairs,
    "polysemanticity": Polysemanticity,
    "property": Property,
    "reconstruct": Reconstructions,
    "reproduce paper": Reproduction,
    "scenes": Scenes,
    "search": Search,
    "segment": Segmentation,
    "sink": Sink,
    "texts": TextBank,
    "trace": Trace,
    "tree --all": Trees,
    "tree": Tree,
    "version": Version,
}
