"""A player (see bench/measure/player.ts) around torchvision's networks that examples/ has too: ports_torch.py WORK; with a path behind it
the network is written there as ONNX, by torch's own exporter.
"""
import json
import sys
import warnings

from mobileone_torch import play, say

try:
    import torch
    import torchvision
    from torch import nn
    from torchvision.models.vision_transformer import VisionTransformer
except ImportError as error:
    say(skip=f"{sys.executable} has no {error.name}")
    sys.exit()


def vit_tiny(image_size):
    return VisionTransformer(image_size, patch_size=16, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768)


MODELS = {
    "mobilenet_v3_small": lambda side: torchvision.models.mobilenet_v3_small(),
    "convnext_tiny": lambda side: torchvision.models.convnext_tiny(),
    "vit_tiny": vit_tiny,
}


def export(model, images, path):
    model.eval()
    # in evaluation torch calls one fused function, which its exporter does not know; there is no dropout to differ by
    attentions = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    for attention in attentions:
        attention.training = True
    mode = torch.onnx.TrainingMode.PRESERVE if attentions else torch.onnx.TrainingMode.EVAL
    # of sizes that tracing sees as constants: the images have one size
    warnings.simplefilter("ignore")
    torch.onnx.export(model, images, path, input_names=["images"], opset_version=14, training=mode)


def inference_step(model, images):
    model.eval()

    def step():
        with torch.inference_mode():
            return model(images).numpy()

    return step


def training_step(model, images):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05)
    labels = torch.arange(len(images)) * 389 % 1000

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main():
    work = json.loads(sys.argv[1])
    torch.manual_seed(0)
    torch.set_num_threads(work["threads"])
    model = MODELS[work["model"]](work["imageSize"])
    images = torch.rand(work["batch"], 3, work["imageSize"], work["imageSize"])
    if len(sys.argv) > 2:
        export(model, images, sys.argv[2])
        say(ready=True)
        return
    step = (training_step if work["form"] == "train" else inference_step)(model, images)
    play(step)


if __name__ == "__main__":
    main()
