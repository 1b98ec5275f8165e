// SPDX-License-Identifier: MIT
// What is said about texts that are no JSON, and where.
#include <gmock/gmock.h>

#include "config_outcome.hpp"

namespace mqttcan::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
    const char* text;
    const char* said;
};

class Syntax : public testing::TestWithParam<Case> {};

TEST_P(Syntax, IsExplained) {
    EXPECT_THAT(faults_of(GetParam().text), ElementsAre(GetParam().said)) << GetParam().text;
}

constexpr const char* kNothing =
    R"(1:1: there is nothing in it; the smallest file that works is {"buses": {"a": {"topic": "can"}}})";
INSTANTIATE_TEST_SUITE_P(
    Nothing, Syntax,
    testing::Values(Case{"", kNothing}, Case{"\xef\xbb\xbf", kNothing},
                    Case{" \n// x\n ", R"(3:2: there is nothing in it; the smallest file that works is )"
                                       R"({"buses": {"a": {"topic": "can"}}})"},
                    Case{"# x", "1:1: '#' begins no comment; write // before a comment"},
                    Case{"/* x", "1:1: this comment is not closed; add the missing */"},
                    Case{"{/* x", "1:2: this comment is not closed; add the missing */"},
                    Case{"{ / }", "1:3: '/' begins no comment; write // before a comment"}));

INSTANTIATE_TEST_SUITE_P(
    Brackets, Syntax,
    testing::Values(
        Case{"{",
             "1:2: the file ends here, but the '{' of line 1, column 1 is still open; add the missing "
             "'}'"},
        Case{"{\"a\": 1",
             "1:8: the file ends here, but the '{' of line 1, column 1 is still open; add the "
             "missing '}'"},
        Case{"{\"a\": 1,",
             "1:9: the file ends here, but the '{' of line 1, column 1 is still open; add "
             "the missing '}'"},
        Case{"[",
             "1:2: the file ends here, but the '[' of line 1, column 1 is still open; add the missing "
             "']'"},
        Case{"[1,",
             "1:4: the file ends here, but the '[' of line 1, column 1 is still open; add the "
             "missing ']'"},
        Case{"{\"a\": [1}",
             "1:9: /a: '}' does not close what is open here (line 1, column 7); write ']' "
             "before it"},
        Case{"{} {}",
             "1:4: something is left over behind the end; remove it, or a bracket before it "
             "closes too early"},
        Case{"{} # x", "1:4: '#' begins no comment; write // before a comment"}));

INSTANTIATE_TEST_SUITE_P(
    Commas, Syntax,
    testing::Values(Case{"{\"a\": 1,\n}", "1:8: a comma stands before the closing '}'; remove it"},
                    Case{"[1, ]", "1:3: a comma stands before the closing ']'; remove it"},
                    Case{"{\"a\": 1\n\"b\": 2}", "2:1: a comma is missing before this"},
                    Case{"[1 2]", "1:4: a comma is missing before this"},
                    Case{"{\"a\": 1,, \"b\": 2}", "1:9: one comma too many; remove it"},
                    Case{"{,}", "1:2: one comma too many; remove it"},
                    Case{"[,1]", "1:2: a value is missing before this ','"},
                    Case{"{\"a\": }", "1:7: a value is missing before this '}'"},
                    Case{"{\"a\" 1}", "1:6: a ':' is missing between the key and this"},
                    Case{"{\"a\"", "1:5: the file ends here, but ':' and a value are wanted after the key"},
                    Case{"{\"a\":", "1:6: the file ends here, but a value is wanted after the ':'"},
                    Case{"{\"a\" = 1}",
                         "1:6: a key and its value are joined by ':'; write ':' instead of '='"},
                    Case{"{1: 2}", "1:2: a key in double quotes is wanted, but here stands 1"},
                    Case{"{\"a\": *}", "1:7: a value is wanted after the ':', but here stands *"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, Syntax,
    testing::Values(Case{"{'a': 1}", "1:2: strings stand in double quotes; write \" instead of '"},
                    Case{"{\"a\": 'b'}", "1:7: strings stand in double quotes; write \" instead of '"},
                    Case{"{a: 1}", "1:2: keys stand in double quotes; write \"a\""},
                    Case{"{\"a\": can}", "1:7: text stands in double quotes; write \"can\""},
                    Case{"{\"a\": True}", "1:7: True is not a JSON value; write true"},
                    Case{"{\"a\": off}", "1:7: off is not a JSON value; write false"},
                    Case{"{\"a\": trueish}", "1:7: /a: text stands in double quotes; write \"trueish\""},
                    Case{"{\"a\": \"b\n}", "1:7: this string is not closed; add the missing '\"' at its end"},
                    Case{"{\"a\": \"b", "1:7: this string is not closed; add the missing '\"' at its end"},
                    Case{"{\"a\": \"\t\"}",
                         "1:8: a control character (a tab?) stands in this string; write \\t for a "
                         "tab"},
                    Case{"{\"a\": \"C:\\x\"}",
                         "1:10: a backslash stands here that begins no escape; write \\\\ for one "
                         "backslash"},
                    Case{"{\"a\": \"\\ud800\"}",
                         "1:7: this string holds a \\u escape that stands for no character"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Syntax,
    testing::Values(
        Case{"{\"a\": 2s}", "1:7: /a: what is not a plain number stands in double quotes; write \"2s\""},
        Case{"{\"a\": 500k}", "1:7: /a: what is not a plain number stands in double quotes; write \"500k\""},
        Case{"[01]",
             "1:2: /0: 01 is not a number as JSON writes it; write it in decimal, without a "
             "leading '+' or 0, with digits on both sides of the point, and below 1e308"},
        Case{"[+1]",
             "1:2: +1 is not a number as JSON writes it; write it in decimal, without a leading "
             "'+' or 0, with digits on both sides of the point, and below 1e308"},
        Case{"[1e999]",
             "1:2: 1e999 is not a number as JSON writes it; write it in decimal, without a "
             "leading '+' or 0, with digits on both sides of the point, and below 1e308"}));

INSTANTIATE_TEST_SUITE_P(
    ForeignBytes, Syntax,
    testing::Values(Case{"\xff\xfe{\0}", "1:1: this is UTF-16; save the file as UTF-8"},
                    Case{"{\n\"\xe4\"}", "2:2: a byte stands here that is not UTF-8; save the file as UTF-8"},
                    Case{"// \xc3", "1:4: a byte stands here that is not UTF-8; save the file as UTF-8"}));

TEST(Syntax, StopsAtANulByteInsteadOfTakingItForTheEnd) {
    EXPECT_THAT(
        faults_of(std::string_view("{\"buses\": {}}\0 junk", 19)),
        ElementsAre("1:14: a NUL byte stands here; this is no text file, or it is UTF-16: save it as UTF-8"));
}

TEST(Syntax, BoundsDepthAndSize) {
    EXPECT_THAT(faults_of(std::string(100'000, '[')),
                ElementsAre("1:33: brackets are nested more than 32 deep; a configuration needs 7"));
    EXPECT_THAT(faults_of(std::string((1 << 20) + 1, ' ')),
                ElementsAre("1:1: the text is larger than 1 MiB; is this the right file?"));
    EXPECT_THAT(faults_of("{\"" + std::string(129, 'k') + "\": 1}"),
                ElementsAre("1:2: this key has 129 bytes; at most 128 are allowed"));
}

TEST(Syntax, NamesWhereADoubleKeyWasGivenFirst) {
    EXPECT_THAT(
        faults_of("{\"buses\": {\"a\": {\"topic\": \"can\",\n  \"topic\": \"car\"}}}"),
        ElementsAre(
            "2:3: /buses/a/topic: \"topic\" is given twice, first in line 1, column 18; remove one of "
            "the two"));
}

TEST(Syntax, AllowsCommentsAndAByteOrderMark) {
    const std::string text =
        "\xef\xbb\xbf// one\n{ /* two, \" { */ \"buses\": // three\r\n { \"a\": {\"topic\":/**/\"c//an\" } } "
        "/***/ } //";
    EXPECT_THAT(faults_of(text),
                ElementsAre("3:22: /buses/a/topic: topic \"c//an\" has an empty level (a '/' too many)"));
}

TEST(Position, CountsCharactersAsAnEditorDoes) {
    EXPECT_THAT(faults_of("{\"buses\": {\"a\": {\n\t\"topic\": "
                          "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x97\\u00e4\", \"x\": 1}}}"),
                ElementsAre(HasSubstr("2:24: /buses/a/x: ")));
    EXPECT_THAT(faults_of("\xef\xbb\xbf{\"x\": 1, \"buses\": {}}"), ElementsAre(HasSubstr("1:2: /x: ")));
    EXPECT_THAT(faults_of("{\r\n\"x\": 1, \"buses\": {}}"), ElementsAre(HasSubstr("2:1: /x: ")));
}

TEST(Pointer, EscapesWhatJsonPointersEscape) {
    EXPECT_THAT(faults_of(R"({"a/b~c": 1, "buses": {}})"), ElementsAre(HasSubstr("1:2: /a~1b~0c: ")));
}

}  // namespace
}  // namespace mqttcan::config::test
