#include "weft/storage/redis/endpoint.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace weft::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string problem_of(std::string_view url) {
  const auto endpoint = parse_endpoint(url);
  return endpoint ? "none: " + to_string(*endpoint) : to_string(endpoint.error());
}

/// Sets the password of the environment while it lives.
class PasswordInEnvironment {
public:
  explicit PasswordInEnvironment(const char* password) {
    ::setenv("WEFT_STORE_PASSWORD", password, 1);
  }
  ~PasswordInEnvironment() { ::unsetenv("WEFT_STORE_PASSWORD"); }
};

/// A file with this text while it lives.
class PasswordFile {
public:
  explicit PasswordFile(const std::string& text, mode_t mode = 0600)
    : path_(std::filesystem::temp_directory_path() /
            ("weft-password-" + std::to_string(::getpid()))) {
    std::ofstream{path_} << text;
    ::chmod(path_.c_str(), mode);
  }
  ~PasswordFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_; }

private:
  std::filesystem::path path_;
};

TEST(RedisEndpoint, UrlsSayWhereAndAsWhom) {
  const auto full = parse_endpoint("redis://weft@store.example:6380/3").value();
  EXPECT_EQ(full.host, "store.example");
  EXPECT_EQ(full.port, 6380);
  EXPECT_EQ(full.user, "weft");
  EXPECT_EQ(full.database, 3U);
  EXPECT_FALSE(full.tls);

  EXPECT_EQ(parse_endpoint("redis://localhost").value().port, 6379);
  EXPECT_EQ(parse_endpoint("redis://localhost/").value().database, 0U);
  EXPECT_TRUE(parse_endpoint("rediss://store.example").value().tls);
  EXPECT_EQ(parse_endpoint("redis://[::1]:7000").value().host, "::1");
  EXPECT_EQ(parse_endpoint("redis://[::1]:7000").value().port, 7000);

  const auto socket = parse_endpoint("unix:///run/redis.sock?db=2").value();
  EXPECT_EQ(socket.unix_path, "/run/redis.sock");
  EXPECT_EQ(socket.database, 2U);
}

TEST(RedisEndpoint, UrlsSurviveBeingPrinted) {
  for (const std::string url : {"redis://weft@store.example:6380/3", "rediss://10.0.0.1:6379",
                                "redis://[::1]:7000", "unix:///run/redis.sock?db=2"}) {
    EXPECT_EQ(to_string(parse_endpoint(url).value()), url);
  }
}

TEST(RedisEndpoint, MalformedUrlsAreRefusedWithWhatIsWrong) {
  EXPECT_THAT(problem_of("localhost:6379"), HasSubstr("begins with none of redis://"));
  EXPECT_THAT(problem_of("http://localhost"), HasSubstr("begins with none of redis://"));
  EXPECT_THAT(problem_of("redis://localhost:0x17"), HasSubstr("port is not a number"));
  EXPECT_THAT(problem_of("redis://localhost:70000"), HasSubstr("port is not a number"));
  EXPECT_THAT(problem_of("redis://[::1"), HasSubstr("port is not a number"));
  EXPECT_THAT(problem_of("redis://localhost/x"), HasSubstr("database is not a number"));
  EXPECT_THAT(problem_of("redis://local host"), HasSubstr("spaces"));
  EXPECT_THAT(problem_of("unix://redis.sock"), HasSubstr("not absolute"));
  EXPECT_THAT(problem_of("unix:///redis.sock?mode=1"), HasSubstr("only db="));
  EXPECT_THAT(problem_of("redis://" + std::string(5000, 'x')), HasSubstr("4 KiB"));
  EXPECT_THAT(problem_of("redis://localhost:0x17"), HasSubstr("hint: write redis://"));
}

TEST(RedisEndpoint, APasswordInTheUrlIsRefusedAndNotRepeated) {
  for (const std::string url :
       {"redis://weft:secret@localhost", "redis://:secret@localhost", "rediss://a:secret@b:1/2",
        "redis://a:b@secret@localhost", "http://weft:secret@localhost"}) {
    const auto problem = problem_of(url);
    EXPECT_THAT(problem, Not(HasSubstr("none: "))) << url;
    EXPECT_THAT(problem, Not(HasSubstr("secret"))) << url;
  }
  EXPECT_THAT(problem_of("redis://weft:secret@localhost"), HasSubstr("WEFT_STORE_PASSWORD"));
}

TEST(RedisEndpoint, OtherMachinesNeedTlsUnlessPlaintextIsAllowed) {
  for (const char* local : {"redis://localhost", "redis://127.0.0.1", "redis://127.8.0.1",
                            "redis://[::1]", "rediss://store.example", "unix:///run/redis.sock"}) {
    EXPECT_TRUE(validate(parse_endpoint(local).value())) << local;
  }
  for (const char* remote :
       {"redis://store.example", "redis://10.0.0.1", "redis://127.0.0.1.org"}) {
    auto endpoint = parse_endpoint(remote).value();
    const auto refused = validate(endpoint);
    ASSERT_FALSE(refused) << remote;
    EXPECT_EQ(refused.error().code, Errc::invalid_config);
    EXPECT_THAT(to_string(refused.error()), HasSubstr("allow_plaintext"));
    endpoint.allow_plaintext = true;
    EXPECT_TRUE(validate(endpoint));
  }
}

TEST(RedisEndpoint, IncompleteEndpointsAreRefused) {
  EXPECT_FALSE(validate({.host = ""}));
  EXPECT_FALSE(validate({.port = 0}));
  EXPECT_FALSE(validate({.unix_path = "/" + std::string(108, 'x')}));
  EXPECT_FALSE(validate({.unix_path = "/run/redis.sock", .tls = true}));
  EXPECT_THAT(to_string(validate({.user = "weft"}).error()), HasSubstr("WEFT_STORE_PASSWORD"));
}

TEST(RedisEndpoint, ThePasswordComesFromTheEnvironment) {
  EXPECT_EQ(with_credentials({}, {}).value().password, "");
  const PasswordInEnvironment environment{"secret"};
  EXPECT_EQ(with_credentials({}, {}).value().password, "secret");
  EXPECT_THAT(to_string(with_credentials({.user = "weft"}, {}).value()), Not(HasSubstr("secret")));
}

TEST(RedisEndpoint, APasswordFileIsAskedBeforeTheEnvironment) {
  const PasswordInEnvironment environment{"other"};
  for (const char* text : {"secret", "secret\n", "secret\r\nand a comment\n"}) {
    const PasswordFile file{text};
    EXPECT_EQ(with_credentials({}, {.password_file = file.path()}).value().password, "secret");
  }
}

TEST(RedisEndpoint, APasswordFileThatOthersMayReadIsWarnedOf) {
  std::string warning;
  const auto warn = [&warning](std::string_view text) { warning = text; };
  {
    const PasswordFile file{"secret"};
    EXPECT_TRUE(with_credentials({}, {file.path(), warn}));
    EXPECT_EQ(warning, "");
  }
  const PasswordFile file{"secret", 0644};
  EXPECT_TRUE(with_credentials({}, {file.path(), warn}));
  EXPECT_THAT(warning, HasSubstr("chmod 600"));
}

TEST(RedisEndpoint, APasswordFileThatHoldsNoneIsRefused) {
  const auto problem = [](const std::string& name) {
    const auto endpoint = with_credentials({}, {.password_file = name});
    return endpoint ? "none" : endpoint.error().message;
  };
  EXPECT_THAT(problem("/nowhere/password"), HasSubstr("cannot be opened: No such file"));
  EXPECT_THAT(problem("/tmp"), HasSubstr("is a folder"));
  EXPECT_THAT(problem(PasswordFile{""}.path()), HasSubstr("password"));
  {
    const PasswordFile file{"\nsecret"};
    EXPECT_THAT(problem(file.path()), HasSubstr("empty first line"));
  }
  const PasswordFile file{std::string(5000, 'x')};
  EXPECT_THAT(problem(file.path()), HasSubstr("4 KiB"));
}

}  // namespace
}  // namespace weft::redis
