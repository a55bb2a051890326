package registry

const (
	openAI   = "https://openaipublic.azureedge.net/clip/models/"
	openCLIP = "https://github.com/mlfoundations/open_clip/releases/download/v0.2-weights/"
)

// published are the known models. Their repositories on the hub are those of open_clip's own table; of their files only RN50's sum is known
// beforehand, the others' are what the hub states. OpenAI puts a file's sum into the path, open_clip its first eight digits into the name.
var published = []Model{
	{
		Name: "RN50", Source: SourceOpenAI, QuickGELU: true, Parameters: 102007138,
		Hub:       "timm/resnet50_clip.openai",
		HubSHA256: "da0baa37fb2211eee5729ab69ed587eb10d48f5b7076ceeed01552fc3d4cb4ee", HubBytes: 408291932,
		URL:    openAI + "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762/RN50.pt",
		SHA256: "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
		Note:   "224 px, 2048 neurons × 32 heads; OpenAI's 400 M image–text pairs",
	},
	{
		Name: "RN101", Source: SourceOpenAI, QuickGELU: true, Parameters: 119688034,
		Hub:    "timm/resnet101_clip.openai",
		URL:    openAI + "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599/RN101.pt",
		SHA256: "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599",
		Note:   "224 px, 2048 neurons × 32 heads; OpenAI's 400 M image–text pairs",
	},
	{
		Name: "RN50x4", Source: SourceOpenAI, QuickGELU: true, Parameters: 178300602,
		Hub:    "timm/resnet50x4_clip.openai",
		URL:    openAI + "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd/RN50x4.pt",
		SHA256: "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd",
		Note:   "288 px, 2560 neurons × 40 heads; OpenAI's 400 M image–text pairs",
	},
	{
		Name: "RN50x16", Source: SourceOpenAI, QuickGELU: true, Parameters: 290979218,
		Hub:    "timm/resnet50x16_clip.openai",
		URL:    openAI + "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa/RN50x16.pt",
		SHA256: "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa",
		Note:   "384 px, 3072 neurons × 48 heads; OpenAI's 400 M image–text pairs",
	},
	{
		Name: "RN50x64", Source: SourceOpenAI, QuickGELU: true, Parameters: 623258306,
		Hub:    "timm/resnet50x64_clip.openai",
		URL:    openAI + "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c/RN50x64.pt",
		SHA256: "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c",
		Note:   "448 px, 4096 neurons × 64 heads; OpenAI's 400 M image–text pairs",
	},
	{
		Name: "RN50/yfcc15m", Source: SourceOpenCLIP, QuickGELU: true, Parameters: 102007138,
		Hub:    "timm/resnet50_clip.yfcc15m",
		URL:    openCLIP + "rn50-quickgelu-yfcc15m-455df137.pt",
		SHA256: "455df137",
		Note:   "224 px, 2048 neurons × 32 heads; YFCC-15M",
	},
	{
		Name: "RN50/cc12m", Source: SourceOpenCLIP, QuickGELU: true, Parameters: 102007138,
		Hub:    "timm/resnet50_clip.cc12m",
		URL:    openCLIP + "rn50-quickgelu-cc12m-f000538c.pt",
		SHA256: "f000538c",
		Note:   "224 px, 2048 neurons × 32 heads; Conceptual 12M",
	},
	{
		Name: "RN101/yfcc15m", Source: SourceOpenCLIP, QuickGELU: true, Parameters: 119688034,
		Hub:    "timm/resnet101_clip.yfcc15m",
		URL:    openCLIP + "rn101-quickgelu-yfcc15m-3e04b30e.pt",
		SHA256: "3e04b30e",
		Note:   "224 px, 2048 neurons × 32 heads; YFCC-15M",
	},
}

const (
	vocabularyURL = "https://github.com/openai/CLIP/raw/main/clip/bpe_simple_vocab_16e6.txt.gz"

	// OpenAI publishes no sum of the vocabulary; this is that of the file at the URL above.
	vocabularySHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
	vocabularyBytes  = 1356917

	// maxCheckpoint bounds a download whose size nobody published. RN50x64, the largest model, has about
	// 620 M parameters; 4 GiB holds them even as float32.
	maxCheckpoint = 4 << 30
)

// file is one thing to download.
type file struct {
	url    string
	sha256 string // whole or its first digits
	size   int64  // bytes; 0 when not published
	limit  int64  // never more bytes than this

	attempts int // in a row that bring next to nothing; 0: as many as the puller makes

	from  *mirror // where it is taken from instead; nil: the URL
	token string  // of the hub; empty elsewhere
}

// original is the file that the publisher offers.
func (m Model) original() file { return file{url: m.URL, sha256: m.SHA256, limit: maxCheckpoint} }

// clipVocabulary is the vocabulary of every published model.
var clipVocabulary = file{
	url: vocabularyURL, sha256: vocabularySHA256, size: vocabularyBytes, limit: vocabularyBytes,
}
