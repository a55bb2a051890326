package known

var layouts = []layout{
	{"imagefolder", openImageFolder, published{}},
	{"cifar10", cifar10.open, published{"CIFAR-10", Top1, 10_000, ""}},
	{"cifar100", cifar100.open, published{"CIFAR-100", Top1, 10_000, ""}},
}
