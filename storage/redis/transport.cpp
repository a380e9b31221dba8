#include "weft/storage/redis/transport.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>

namespace weft::redis {

namespace asio = boost::asio;

namespace {

const std::string& name_in_certificate(const Endpoint& endpoint) {
  return endpoint.tls_files.server_name.empty() ? endpoint.host : endpoint.tls_files.server_name;
}

Error bad_file(std::string_view what, const std::string& file,
               const boost::system::error_code& failure) {
  // OpenSSL says only that it is the system that has refused a file.
  const bool opened = std::ifstream{file}.is_open();
  const std::string why = opened ? failure.message() : std::strerror(errno);
  return {.code = Errc::invalid_config,
          .message =
            "the " + std::string{what} + " " + in_quotes(file) + " cannot be used for TLS: " + why,
          .hint = "name a file in the PEM format that this process may read"};
}

}  // namespace

Result<std::shared_ptr<asio::ssl::context>> make_tls(const Endpoint& endpoint) {
  if (!endpoint.tls) return std::shared_ptr<asio::ssl::context>{};
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                   asio::ssl::context::no_tlsv1_1);
  tls->set_verify_mode(asio::ssl::verify_peer);
  const TlsFiles& files = endpoint.tls_files;
  boost::system::error_code failure;
  if (files.authorities.empty()) {
    tls->set_default_verify_paths(failure);
  } else {
    tls->load_verify_file(files.authorities, failure);
  }
  if (failure) return bad_file("file of authorities", files.authorities, failure);
  if (files.certificate.empty()) return tls;
  tls->use_certificate_chain_file(files.certificate, failure);
  if (failure) return bad_file("certificate", files.certificate, failure);
  tls->use_private_key_file(files.key, asio::ssl::context::pem, failure);
  if (failure) return bad_file("key", files.key, failure);
  return tls;
}

Transport::Transport(asio::io_context& context, const Endpoint& endpoint,
                     std::shared_ptr<asio::ssl::context> tls)
  : endpoint_(endpoint), tls_(std::move(tls)), resolver_(context), socket_(context) {}

void Transport::open(Opened opened) {
  opened_ = std::move(opened);
  step_ = "connecting";
  if (!endpoint_.unix_path.empty()) {
    addresses_.emplace_back(asio::local::stream_protocol::endpoint{endpoint_.unix_path});
    return connect_next();
  }
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(endpoint_.host, not_an_address);
  if (not_an_address) return look_up();
  addresses_.emplace_back(asio::ip::tcp::endpoint{address, endpoint_.port});
  connect_next();
}

void Transport::look_up() {
  step_ = "looking up its address";
  resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                          asio::ip::tcp::resolver::numeric_service,
                          [this](boost::system::error_code failure, const auto& found) {
                            if (failure) return finish(failure);
                            for (const auto& entry : found)
                              addresses_.emplace_back(entry.endpoint());
                            step_ = "connecting";
                            connect_next();
                          });
}

void Transport::connect_next() {
  if (is_closed_) return finish(asio::error::operation_aborted);
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(addresses_[next_address_++], [this](boost::system::error_code failure) {
    const bool is_last = next_address_ == addresses_.size();
    if (!failure) return connected();
    if (is_last || failure == asio::error::operation_aborted) return finish(failure);
    connect_next();
  });
}

void Transport::connected() {
  boost::system::error_code ignored;  // All that is lost is time.
  if (endpoint_.unix_path.empty()) {
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
  }
  if (tls_ == nullptr) return finish({});
  agree_on_tls();
}

void Transport::agree_on_tls() {
  step_ = agreeing;
  tls_stream_.emplace(socket_, *tls_);
  const std::string& name = name_in_certificate(endpoint_);
  auto* const tls = tls_stream_->native_handle();
  boost::system::error_code is_name;
  asio::ip::make_address(name, is_name);
  if (is_name) {
    // The server may have a certificate for each of its names.
    ::SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
               const_cast<char*>(name.c_str()));
    ::X509_VERIFY_PARAM_set1_host(::SSL_get0_param(tls), name.c_str(), name.size());
  } else {
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(tls), name.c_str());
  }
  tls_stream_->async_handshake(asio::ssl::stream_base::client,
                               [this](boost::system::error_code failure) { finish(failure); });
}

void Transport::finish(boost::system::error_code failure) {
  // The handler holds what keeps this alive.
  const auto opened = std::move(opened_);
  opened(failure);
}

std::string Transport::distrust() const {
  if (!tls_stream_) return {};
  auto& stream = const_cast<asio::ssl::stream<Socket&>&>(*tls_stream_);
  const long result = ::SSL_get_verify_result(stream.native_handle());
  return result == X509_V_OK ? std::string{} : ::X509_verify_cert_error_string(result);
}

void Transport::close() {
  is_closed_ = true;
  boost::system::error_code ignored;
  resolver_.cancel();
  socket_.close(ignored);
}

}  // namespace weft::redis
