// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/text.hpp"
#include "config/syntax.hpp"

namespace mqttcan::config {
namespace {

using nlohmann::json;

// Deep enough for every configuration there will be; the parser itself has no limit.
constexpr std::size_t kMaxDepth = 32;
// Keeps pointers, and so messages, of a bounded length.
constexpr std::size_t kMaxKeyBytes = 128;

/// Builds the tree from nlohmann's SAX events, with a cursor walking beside them. A handler that returns
/// false ends the parsing.
class TreeBuilder final : public nlohmann::json_sax<json> {
  public:
    TreeBuilder(std::string_view text, std::size_t file, Document& document)
        : cursor_(text), file_(file), document_(document) {}

    bool null() override { return scalar(Type::null, "null"); }
    bool boolean(bool value) override { return scalar(Type::boolean, value ? "true" : "false"); }
    bool number_integer(std::int64_t value) override { return scalar(Type::number, std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) override { return scalar(Type::number, std::to_string(value)); }
    bool number_float(double, const std::string& token) override { return scalar(Type::number, token); }
    bool string(std::string& value) override;
    bool binary(json::binary_t&) override { return false; }  // JSON text has none
    bool start_object(std::size_t) override { return open(Type::object); }
    bool start_array(std::size_t) override { return open(Type::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(std::string& name) override;

    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        const Position opened = open_.empty() ? Position{} : open_.back().node->at;
        const SyntaxFault fault = explain_syntax(cursor_, spot(), opened);
        complain(fault.at, open_.empty() ? "" : open_.back().node->pointer(), fault.what);
        return false;
    }

  private:
    struct Open {
        Node* node;
        std::unordered_map<std::string, Position> keys;
    };

    Node& add(Type type);
    bool scalar(Type type, std::string_view token);
    bool open(Type type);
    bool close();
    Spot spot() const;
    void complain(Position at, std::string pointer, std::string what) {
        document_.complaints.push_back({file_, at, std::move(pointer), std::move(what)});
    }

    Cursor cursor_;
    std::size_t file_;
    Document& document_;
    std::vector<Open> open_;
    std::string key_;
    Position key_at_;
    bool key_waits_ = false;
    bool key_is_double_ = false;
};

Spot TreeBuilder::spot() const {
    if (open_.empty()) {
        return document_.nodes.empty() ? Spot::start : Spot::finished;
    }
    if (key_waits_) {
        return Spot::key;
    }
    const Node& node = *open_.back().node;
    const bool fresh = node.items.empty() && open_.back().keys.empty();
    return node.type == Type::object ? (fresh ? Spot::object_opened : Spot::member)
                                     : (fresh ? Spot::array_opened : Spot::element);
}

bool TreeBuilder::key(std::string& name) {
    cursor_.skip_separators();
    key_at_ = cursor_.position();
    cursor_.take_token();
    const Node& object = *open_.back().node;
    if (name.size() > kMaxKeyBytes) {
        complain(key_at_, object.pointer(),
                 text("this key has ", name.size(), " bytes; at most ", kMaxKeyBytes, " are allowed"));
        return false;
    }
    const auto [first, is_new] = open_.back().keys.try_emplace(name, key_at_);
    key_ = std::move(name);
    key_waits_ = true;
    key_is_double_ = !is_new;
    if (key_is_double_) {
        Node twin;
        twin.key = key_;
        twin.parent = &object;
        complain(key_at_, twin.pointer(),
                 text("\"", key_, "\" is given twice, first in line ", first->second.line, ", column ",
                      first->second.column, "; remove one of the two"));
    }
    return true;
}

Node& TreeBuilder::add(Type type) {
    cursor_.skip_separators();
    Node& node = document_.nodes.emplace_back();
    node.type = type;
    node.file = file_;
    node.at = cursor_.position();
    node.key_at = key_waits_ ? key_at_ : node.at;
    if (!open_.empty()) {
        Node& parent = *open_.back().node;
        node.parent = &parent;
        node.key = key_waits_ ? std::move(key_) : std::to_string(parent.items.size());
        if (!(key_waits_ && key_is_double_)) {
            parent.items.push_back(&node);  // of twins, the first counts
        }
    }
    key_waits_ = false;
    return node;
}

bool TreeBuilder::string(std::string& value) {
    add(Type::string).text = std::move(value);
    cursor_.take_token();
    return true;
}

/// The parser sees "2s" as the number 2 with something behind it, and 01 as two numbers; a person does not.
bool TreeBuilder::scalar(Type type, std::string_view token) {
    Node& node = add(type);
    const Cursor before = cursor_;
    node.text = cursor_.take_token();
    if (node.text == token || node.text == "-0") {
        return true;
    }
    const SyntaxFault fault = explain_value(before, "this");
    complain(fault.at, node.pointer(), fault.what);
    return false;
}

bool TreeBuilder::open(Type type) {
    Node& node = add(type);
    if (open_.size() == kMaxDepth) {
        complain(node.at, "",
                 text("brackets are nested more than ", kMaxDepth, " deep; a configuration needs 7"));
        return false;
    }
    cursor_.take_token();
    open_.push_back({&node, {}});
    return true;
}

bool TreeBuilder::close() {
    cursor_.skip_separators();
    cursor_.take_token();
    open_.pop_back();
    return true;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
    for (const Node* item : items) {
        if (item->key == name) {
            return item;
        }
    }
    return nullptr;
}

std::string Node::pointer() const {
    if (parent == nullptr) {
        return "";
    }
    std::string out = parent->pointer() + '/';
    for (const char c : key) {
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

Document read_document(std::string_view text, std::size_t file) {
    Document document;
    const auto refuse = [&](Position at, std::string what) {
        document.complaints.push_back({file, at, "", std::move(what)});
        document.root = nullptr;
    };
    if (text.size() > kMaxTextBytes) {
        refuse({}, mqttcan::text("the text is larger than ", kMaxTextBytes >> 20,
                                 " MiB; is this the right file?"));
        return document;
    }
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    if (const auto fault = find_foreign_bytes(text)) {
        refuse(fault->at, fault->what);
        return document;
    }
    TreeBuilder builder(text, file, document);
    try {
        if (json::sax_parse(text, &builder, json::input_format_t::json, true, true)) {
            document.root = &document.nodes.front();
        }
    } catch (const json::exception& error) {
        refuse({}, mqttcan::text("this is no JSON: ", error.what()));
    }
    return document;
}

}  // namespace mqttcan::config
