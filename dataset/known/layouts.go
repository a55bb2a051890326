package known

var layouts = []layout{
	{"imagefolder", openImageFolder, published{}},
	{"cifar10", cifar10.open, published{"CIFAR-10", Top1, 10_000, ""}},
	{"cifar100", cifar100.open, published{"CIFAR-100", Top1, 10_000, ""}},
	{"stl10", openSTL10, published{"STL-10", Top1, 8000, ""}},
	{"voc2007", openVOC, published{}}, // its published scores are those of the objects
	{"voc2007-objects", openVOCObjects, published{"Pascal VOC 2007", Top1, 14_976, ""}},
	{"pets", openPets, published{"Oxford-IIIT Pet", MeanPerClass, 3669, ""}},
	{"flowers102", openFlowers, published{"Oxford Flowers-102", MeanPerClass, 6149, ""}},
	{"cars", openCars, published{"Stanford Cars", Top1, 8041, ""}},
	{"dtd", openDTD, published{"Describable Textures", Top1, 1880, ""}},
	{"eurosat", openEuroSAT, published{"EuroSAT", Top1, 27_000, "the published score is of a random 5,400 of the 27,000 pictures"}},
	{"gtsrb", openGTSRB, published{"GTSRB", Top1, 12_630, ""}},
	{"imagenet", openImageNet, published{"ImageNet 1k", Top1, 50_000, ""}},
}
