// Arguments from text: types, values, contents of buffers, and what is refused.
#include "run/arguments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace {

using namespace vgpu::run;

template <typename T>
std::vector<T> values(const Value& value) {
  std::vector<T> result(value.bytes.size() / sizeof(T));
  std::memcpy(result.data(), value.bytes.data(), value.bytes.size());
  return result;
}

Value single(const char* text) {
  Argument argument = parse_argument(text, 7);
  EXPECT_EQ(argument.parts.size(), 1u);
  return argument.parts[0];
}

TEST(Arguments, NumbersOfEveryType) {
  EXPECT_EQ(values<std::int8_t>(single("i8=-128"))[0], -128);
  EXPECT_EQ(values<std::uint16_t>(single("u16=65535"))[0], 65535);
  EXPECT_EQ(values<std::int32_t>(single("i32=-5"))[0], -5);
  EXPECT_EQ(values<std::uint64_t>(single("u64=18446744073709551615"))[0], UINT64_MAX);
  EXPECT_EQ(values<float>(single("f32=1.5"))[0], 1.5f);
  EXPECT_EQ(values<double>(single("f64=-1e300"))[0], -1e300);
  EXPECT_FALSE(single("i32=1").is_buffer);
}

// Encodings from IEEE 754's table of binary16, and from bfloat16 as the upper half of a float.
TEST(Arguments, SixteenBitFloats) {
  const struct {
    const char* text;
    std::uint16_t expected;
  } table[] = {
      {"f16=0", 0x0000},
      {"f16=-0.0", 0x8000},
      {"f16=1", 0x3C00},
      {"f16=-2", 0xC000},
      {"f16=65504", 0x7BFF},
      {"f16=65519", 0x7BFF},
      {"f16=65520", 0x7C00},
      {"f16=6.103515625e-05", 0x0400},
      {"f16=5.9604644775390625e-08", 0x0001},
      {"f16=1.00048828125", 0x3C00},  // a tie: to even
      {"f16=1.00146484375", 0x3C02},
      {"f16=0.333251953125", 0x3555},
      {"f16=inf", 0x7C00},
      {"bf16=1", 0x3F80},
      {"bf16=-1.5", 0xBFC0},
      {"bf16=3.140625", 0x4049},
      {"bf16=1.00390625", 0x3F80},
      {"bf16=1.01171875", 0x3F82},
      {"bf16=3.4e38", 0x7F80},
      {"bf16=inf", 0x7F80},
      {"f16=0.99999", 0x3C00},
  };
  for (const auto& [text, expected] : table) {
    const Value value = single(text);
    ASSERT_EQ(value.bytes.size(), 2u);
    EXPECT_EQ(values<std::uint16_t>(value)[0], expected) << text;
  }
  const std::uint16_t bits[] = {0x3555, 0x0001, 0xFBFF};
  EXPECT_EQ(to_string(Element::f16, reinterpret_cast<const std::byte*>(&bits[0])), "0.333251953");
  EXPECT_EQ(to_string(Element::f16, reinterpret_cast<const std::byte*>(&bits[1])), "5.96046448e-08");
  EXPECT_EQ(to_string(Element::f16, reinterpret_cast<const std::byte*>(&bits[2])), "-65504");
  const std::uint16_t pi = 0x4049;
  EXPECT_EQ(to_string(Element::bf16, reinterpret_cast<const std::byte*>(&pi)), "3.140625");
}

TEST(Arguments, Buffers) {
  EXPECT_EQ(values<int>(single("i32[4]=iota")), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(values<float>(single("f32[3]=2.5")), (std::vector<float>{2.5f, 2.5f, 2.5f}));
  EXPECT_EQ(values<int>(single("i32[2]=zero")), (std::vector<int>{0, 0}));
  EXPECT_EQ(values<int>(single("i32[2]")), (std::vector<int>{0, 0}));
  EXPECT_TRUE(single("f32[8]=random").is_written);
  EXPECT_FALSE(single("f32[8]=none").is_written);
  const auto random = values<float>(single("f32[1000]=random"));
  float sum = 0;
  for (const float x : random) {
    EXPECT_TRUE(x >= -1 && x < 1);
    sum += x;
  }
  EXPECT_LT(std::fabs(sum), 100);
  EXPECT_EQ(random, values<float>(single("f32[1000]=random")));  // the same seed
  EXPECT_NE(random, values<float>(parse_argument("f32[1000]=random", 8).parts[0]));
}

TEST(Arguments, FilesAreTakenAsTheyAre) {
  const std::string path = testing::TempDir() + "/vgpu_run_arguments.bin";
  std::ofstream(path, std::ios::binary).write("\1\0\0\0\2\0\0\0", 8);
  EXPECT_EQ(values<int>(single(("i32[2]=@" + path).c_str())), (std::vector<int>{1, 2}));
  EXPECT_THROW(single(("i32[3]=@" + path).c_str()), ArgumentError);
  std::remove(path.c_str());
  EXPECT_THROW(single(("i32[2]=@" + path).c_str()), ArgumentError);
}

TEST(Arguments, AStructHasParts) {
  const Argument argument = parse_argument("struct(f32[2]=1,i32=5,u8=7)", 0);
  ASSERT_EQ(argument.parts.size(), 3u);
  EXPECT_TRUE(argument.parts[0].is_buffer);
  EXPECT_EQ(values<int>(argument.parts[1])[0], 5);
}

TEST(Arguments, WhatIsWrongIsNamed) {
  for (const char* text : {"", "i32", "i32=", "i32=x", "i33=1", "i8=128", "u8=-1", "u8=256", "f32=1.5x", "i32[0]=zero",
                           "i32[x]=zero", "i32[4=zero", "f32[2]=what", "struct(i32=1", "struct()"}) {
    try {
      parse_argument(text, 0);
      ADD_FAILURE() << text << " was accepted";
    } catch (const ArgumentError& error) {
      EXPECT_NE(std::string(error.what()).find("argument '"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
