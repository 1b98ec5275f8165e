// SPDX-License-Identifier: MIT
// IDs as users write them: what they mean, and what is said to those that mean nothing.
#include "base/can_id.hpp"

#include <gmock/gmock.h>

namespace mqttcan {
namespace {

using testing::HasSubstr;

IdPattern pattern(std::string_view written) {
    const Result<IdPattern> parsed = IdPattern::parse(written);
    EXPECT_TRUE(parsed) << written << ": " << (parsed ? "" : parsed.error().what);
    return parsed.value_or(IdPattern{});
}

std::string refusal(std::string_view written) {
    const Result<IdPattern> parsed = IdPattern::parse(written);
    return parsed ? "accepted" : parsed.error().what;
}

TEST(IdPattern, OfUpToThreeDigitsIsOneStandardId) {
    EXPECT_EQ(pattern("123"), (IdPattern{false, 0x123, 0x123, 0x123, 0x7ff}));
    EXPECT_EQ(pattern("7"), (IdPattern{false, 7, 7, 7, 0x7ff}));
    EXPECT_EQ(pattern("007"), pattern("7"));
    EXPECT_TRUE(pattern("123").matches(0x123, false));
    EXPECT_FALSE(pattern("123").matches(0x124, false));
    EXPECT_FALSE(pattern("123").matches(0x123, true));
}

TEST(IdPattern, OfEightDigitsIsOneExtendedId) {
    EXPECT_EQ(pattern("18FEF100"), (IdPattern{true, 0x18fef100, 0x18fef100, 0x18fef100, 0x1fffffff}));
    EXPECT_TRUE(pattern("00000123").matches(0x123, true));
    EXPECT_FALSE(pattern("00000123").matches(0x123, false));
}

TEST(IdPattern, MayBeWrittenInSmallLetters) {
    EXPECT_EQ(pattern("18fef100"), pattern("18FEF100"));
    EXPECT_EQ(pattern("7aB"), pattern("7AB"));
}

TEST(IdPattern, WithAMaskIsAllIdsThatAgreeInItsBits) {
    const IdPattern masked = pattern("120/7F0");
    EXPECT_EQ(masked, (IdPattern{false, 0, 0x7ff, 0x120, 0x7f0}));
    EXPECT_TRUE(masked.matches(0x120, false));
    EXPECT_TRUE(masked.matches(0x12f, false));
    EXPECT_FALSE(masked.matches(0x130, false));
    EXPECT_FALSE(masked.matches(0x120, true));
    EXPECT_TRUE(pattern("00FEF100/00FFFF00").matches(0x18fef117, true));
    EXPECT_TRUE(pattern("125/7F0").matches(0x12a, false)) << "bits beside the mask do not count";
    EXPECT_TRUE(pattern("000/000").matches(0x7ff, false));
}

TEST(IdPattern, WithAHyphenIsARangeThatHoldsBothEnds) {
    const IdPattern range = pattern("100-1FF");
    EXPECT_EQ(range, (IdPattern{false, 0x100, 0x1ff, 0, 0}));
    EXPECT_FALSE(range.matches(0xff, false));
    EXPECT_TRUE(range.matches(0x100, false));
    EXPECT_TRUE(range.matches(0x1ff, false));
    EXPECT_FALSE(range.matches(0x200, false));
    EXPECT_FALSE(range.matches(0x180, true));
    EXPECT_EQ(pattern("00000000-1FFFFFFF"), (IdPattern{true, 0, 0x1fffffff, 0, 0}));
    EXPECT_EQ(pattern("5-5"), (IdPattern{false, 5, 5, 0, 0}));
}

TEST(IdPattern, SaysHowManyDigitsAnIdHas) {
    EXPECT_EQ(refusal("1234"),
              "\"1234\" has 4 digits; a standard ID has up to 3, an extended one exactly 8: write "
              "\"00001234\"");
    EXPECT_EQ(refusal("123456789"),
              "\"123456789\" has 9 digits; a standard ID has up to 3, an extended one exactly 8");
}

TEST(IdPattern, SaysWhichIdIsTheHighest) {
    EXPECT_EQ(pattern("7FF").last, kMaxStandardId);
    EXPECT_EQ(refusal("800"),
              "\"800\" is beyond 7FF, the highest standard ID; for an extended one write 8 digits: "
              "\"00000800\"");
    EXPECT_EQ(refusal("20000000"), "\"20000000\" is beyond 1FFFFFFF, the highest extended ID");
    EXPECT_EQ(refusal("100/FFF"),
              "\"FFF\" is beyond 7FF, the highest standard mask; for an extended one write 8 digits: "
              "\"00000FFF\"");
    EXPECT_EQ(refusal("00000100/FFFFFFFF"), "\"FFFFFFFF\" is beyond 1FFFFFFF, the highest extended mask");
}

TEST(IdPattern, SaysWhatAnIdLooksLike) {
    EXPECT_EQ(refusal("engine"),
              "\"engine\" is not an ID; write hexadecimal digits, 3 for a standard ID or 8 for an extended "
              "one, for example \"123\" or \"18FEF100\"");
    EXPECT_EQ(refusal("0x123"),
              "\"0x123\" begins with 0x; IDs are hexadecimal anyway: write the digits alone");
    for (const char* nothing : {"", " ", "-", "/", "1-", "-1", "1/", "/1", "1-2-3", "1/2/3", "1/2-3", "1-2/3",
                                "12 ", " 12", "+1", "1 - 2", "123:7FF", "123#11", "\xc3\xa4"}) {
        EXPECT_THAT(refusal(nothing), HasSubstr("; write hexadecimal digits")) << nothing;
    }
    EXPECT_THAT(refusal(std::string(5000, 'x')).size(), testing::Lt(300U));
}

TEST(IdPattern, KeepsStandardAndExtendedApart) {
    EXPECT_EQ(refusal("100-00000200"),
              "\"100-00000200\" joins 3 digits (standard) with 8 (extended); write both sides with the same "
              "number of digits");
    EXPECT_THAT(refusal("00000100/7F0"), HasSubstr("the same number of digits"));
}

TEST(IdPattern, DoesNotRunBackwards) {
    EXPECT_EQ(refusal("1FF-100"), "\"1FF-100\" runs backwards; write \"100-1FF\"");
}

}  // namespace
}  // namespace mqttcan
