// SPDX-License-Identifier: MIT
#include "config/overlay.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace mqttcan::config {
namespace {

using Layers = std::vector<const Node*>;  // values of the same key, the lowest first

/// Those of `all` that count: the objects above the last value that is none, or else that value alone.
/// Nothing: the last one is a null that removes the others.
Layers effective(const Layers& all) {
    const auto is_object = [](const Node* node) { return node->type == Type::object; };
    const auto objects = std::ranges::find_if_not(all.rbegin(), all.rend(), is_object).base();
    if (objects != all.end()) {
        return {objects, all.end()};
    }
    const bool removes = all.back()->type == Type::null && all.size() > 1;
    return removes ? Layers{} : Layers{all.back()};
}

class Overlay {
  public:
    explicit Overlay(Document& out) : out_(out) {}

    const Node* lay(const Layers& layers, const Node* parent) {
        Node& node = out_.nodes.emplace_back();
        const Node& lowest = *layers.front();
        node.type = lowest.type;
        node.file = lowest.file;
        node.at = lowest.at;
        node.key_at = lowest.key_at;
        node.parent = parent;
        node.key = lowest.key;
        node.text = lowest.text;
        for (const Layers& members : by_key(layers)) {
            if (const Layers counting = effective(members); !counting.empty()) {
                node.items.push_back(lay(counting, &node));
            }
        }
        return &node;
    }

  private:
    /// In the order in which the keys appear first.
    static std::vector<Layers> by_key(const Layers& layers) {
        std::vector<Layers> out;
        std::unordered_map<std::string_view, std::size_t> places;
        for (const Node* layer : layers) {
            for (const Node* item : layer->items) {
                const auto [place, is_new] = places.try_emplace(item->key, out.size());
                if (is_new) {
                    out.emplace_back();
                }
                out[place->second].push_back(item);
            }
        }
        return out;
    }

    Document& out_;
};

}  // namespace

Document overlay(std::span<const Document> layers) {
    Layers roots;
    for (const Document& layer : layers) {
        roots.push_back(layer.root);
    }
    Document out;
    out.root = Overlay(out).lay(roots, nullptr);
    return out;
}

}  // namespace mqttcan::config
