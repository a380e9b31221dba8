#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace workshop {

/// A struct that host and module both know: compiled into each of them.
struct Parcel {
  std::string label;
  std::vector<double> weights;
  std::map<std::string, int> stamps;
  std::optional<int> insured;

  friend bool operator==(const Parcel&, const Parcel&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Parcel& x) {
    return f.object(x).fields(f.field("label", x.label), f.field("weights", x.weights),
                              f.field("stamps", x.stamps), f.field("insured", x.insured));
  }
};

/// A type without an encoding: it crosses as an object or not at all.
struct Sealed {
  std::vector<Parcel> content;
};

}  // namespace workshop
