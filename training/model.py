"""The demo model: CLIP's ModifiedResNet, attention pool and causal text transformer, with OpenAI's parameter names."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    image: int = 192
    width: int = 24
    blocks: tuple = (1, 1, 1, 1)
    heads: int = 12
    embed: int = 128
    text_width: int = 128
    text_layers: int = 2
    context: int = 77
    vocabulary: int = 0

    @property
    def channels(self):
        return self.width * 32

    @property
    def grid(self):
        return self.image // 32


class Bottleneck(nn.Module):
    def __init__(self, inplanes, planes, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inplanes, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)
        self.avgpool = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.conv3, self.bn3 = nn.Conv2d(planes, planes * 4, 1, bias=False), nn.BatchNorm2d(planes * 4)
        self.downsample = None
        if stride > 1 or inplanes != planes * 4:
            self.downsample = nn.Sequential(OrderedDict([
                ("-1", nn.AvgPool2d(stride) if stride > 1 else nn.Identity()),
                ("0", nn.Conv2d(inplanes, planes * 4, 1, bias=False)),
                ("1", nn.BatchNorm2d(planes * 4)),
            ]))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(self.avgpool(y)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class AttentionPool(nn.Module):
    """Only the class query matters, so only it is computed."""

    def __init__(self, grid, channels, heads, embed):
        super().__init__()
        self.grid, self.heads = grid, heads
        self.positional_embedding = nn.Parameter(torch.randn(grid * grid + 1, channels) / channels**0.5)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(channels, channels) for _ in range(3))
        self.c_proj = nn.Linear(channels, embed)
        for p in (self.q_proj, self.k_proj, self.v_proj, self.c_proj):
            nn.init.normal_(p.weight, std=channels**-0.5)
            nn.init.zeros_(p.bias)

    def positions(self, h, w):
        """[1+h·w,C]: the table, its spatial part resampled for a picture of another size."""
        if h == w == self.grid:
            return self.positional_embedding
        table = self.positional_embedding[1:].reshape(1, self.grid, self.grid, -1).permute(0, 3, 1, 2)
        table = F.interpolate(table, size=(h, w), mode="bilinear", align_corners=False)
        return torch.cat([self.positional_embedding[:1], table.flatten(2)[0].t()])

    def forward(self, z):
        n, c, h, w = z.shape
        x = z.flatten(2).transpose(1, 2)  # [N,K,C]
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positions(h, w).to(x.dtype)
        heads = lambda t: t.reshape(n, -1, self.heads, c // self.heads).transpose(1, 2)  # [N,M,·,d]
        q, k, v = heads(self.q_proj(x[:, :1])), heads(self.k_proj(x)), heads(self.v_proj(x))
        a = torch.softmax((q @ k.transpose(-1, -2)).float() * (c // self.heads) ** -0.5, -1).to(v.dtype)
        return self.c_proj((a @ v).transpose(1, 2).reshape(n, c))


class ModifiedResNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        w = c.width
        self.conv1, self.bn1 = nn.Conv2d(3, w // 2, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(w // 2)
        self.conv2, self.bn2 = nn.Conv2d(w // 2, w // 2, 3, padding=1, bias=False), nn.BatchNorm2d(w // 2)
        self.conv3, self.bn3 = nn.Conv2d(w // 2, w, 3, padding=1, bias=False), nn.BatchNorm2d(w)
        inplanes = w
        for i, blocks in enumerate(c.blocks):
            planes, layer = w * 2**i, []
            for b in range(blocks):
                layer.append(Bottleneck(inplanes, planes, 2 if i > 0 and b == 0 else 1))
                inplanes = planes * 4
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
        self.attnpool = AttentionPool(c.grid, c.channels, c.heads, c.embed)

    def forward(self, x):
        for conv, bn in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = F.relu(bn(conv(x)))
        x = F.avg_pool2d(x, 2)
        return self.attnpool(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class TextBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(OrderedDict([
            ("c_fc", nn.Linear(width, width * 4)), ("gelu", QuickGELU()), ("c_proj", nn.Linear(width * 4, width)),
        ]))

    def forward(self, x, mask):
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.resblocks = nn.ModuleList(TextBlock(width, width // 64) for _ in range(layers))


class CLIP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.visual = ModifiedResNet(c)
        self.transformer = Transformer(c.text_width, c.text_layers)
        self.token_embedding = nn.Embedding(c.vocabulary, c.text_width)
        self.positional_embedding = nn.Parameter(torch.randn(c.context, c.text_width) * 0.01)
        self.ln_final = nn.LayerNorm(c.text_width)
        self.text_projection = nn.Parameter(torch.randn(c.text_width, c.embed) * c.text_width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())
        nn.init.normal_(self.token_embedding.weight, std=0.02)

    def images(self, pixels):
        """[N,3,H,W] -> unit embeddings [N,D]."""
        return F.normalize(self.visual(pixels).float(), dim=-1)

    def texts(self, tokens, ends):
        """[N,T], [N] -> unit embeddings [N,D], read off at each end of text."""
        x = self.token_embedding(tokens) + self.positional_embedding[: tokens.shape[1]]
        mask = torch.full((tokens.shape[1],) * 2, float("-inf")).triu(1)
        for block in self.transformer.resblocks:
            x = block(x, mask)
        x = self.ln_final(x)[torch.arange(len(x)), ends]
        return F.normalize((x @ self.text_projection).float(), dim=-1)
