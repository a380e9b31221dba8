#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weft::test {

/// One workflow in both versions of the format: `split` writes two parts, `count_1` and `count_2`
/// read one each, `report` reads both counts and runs after `split`.
inline nlohmann::json sample_15() {
  return nlohmann::json::parse(R"({
    "name": "counting", "schemaVersion": "1.5",
    "workflow": {
      "specification": {
        "tasks": [
          {"name": "split_1", "id": "split_1", "parents": [],
           "children": ["count_1", "count_2", "report"],
           "inputFiles": ["text"], "outputFiles": ["part1", "part2"]},
          {"name": "count_1", "id": "count_1", "parents": ["split_1"], "children": ["report"],
           "inputFiles": ["part1"], "outputFiles": ["count1"]},
          {"name": "count_2", "id": "count_2", "parents": ["split_1"], "children": ["report"],
           "inputFiles": ["part2"], "outputFiles": ["count2"]},
          {"name": "report", "id": "report", "parents": ["split_1", "count_1", "count_2"],
           "children": [], "inputFiles": ["count1", "count2"], "outputFiles": []}
        ],
        "files": [
          {"id": "text", "sizeInBytes": 3000}, {"id": "part1", "sizeInBytes": 1000},
          {"id": "part2", "sizeInBytes": 2000}, {"id": "count1", "sizeInBytes": 10},
          {"id": "count2", "sizeInBytes": 20}
        ]
      },
      "execution": {
        "makespanInSeconds": 9, "executedAt": "2026-01-31T12:00:00Z",
        "tasks": [
          {"id": "split_1", "runtimeInSeconds": 0.5, "command": {"program": "/usr/bin/split"}},
          {"id": "count_1", "runtimeInSeconds": 2, "command": {"program": "wc"}},
          {"id": "count_2", "runtimeInSeconds": 4.25, "command": {"program": "wc"}},
          {"id": "report", "runtimeInSeconds": 0, "command": {"program": "cat a b > report"}}
        ]
      }
    }})");
}

inline nlohmann::json sample_14() {
  return nlohmann::json::parse(R"({
    "name": "counting", "schemaVersion": "1.4",
    "workflow": {
      "makespanInSeconds": 9, "executedAt": "2026-01-31T12:00:00Z",
      "tasks": [
        {"name": "split_1", "id": "ID1", "type": "compute", "category": "split",
         "runtimeInSeconds": 0.5, "parents": [], "children": ["count_1", "count_2", "report"],
         "files": [{"link": "input", "name": "text", "sizeInBytes": 3000},
                   {"link": "output", "name": "part1", "sizeInBytes": 1000},
                   {"link": "output", "name": "part2", "sizeInBytes": 2000}]},
        {"name": "count_1", "id": "ID2", "type": "compute", "category": "wc",
         "runtimeInSeconds": 2, "parents": ["split_1"], "children": ["report"],
         "files": [{"link": "input", "name": "part1", "sizeInBytes": 1000},
                   {"link": "output", "name": "count1", "sizeInBytes": 10}]},
        {"name": "count_2", "id": "ID3", "type": "compute", "category": "wc",
         "runtimeInSeconds": 4.25, "parents": ["split_1"], "children": ["report"],
         "files": [{"link": "input", "name": "part2", "sizeInBytes": 2000},
                   {"link": "output", "name": "count2", "sizeInBytes": 20}]},
        {"name": "report", "id": "ID4", "type": "compute", "category": "report",
         "runtimeInSeconds": 0, "parents": ["split_1", "count_1", "count_2"], "children": [],
         "files": [{"link": "input", "name": "count1", "sizeInBytes": 10},
                   {"link": "input", "name": "count2", "sizeInBytes": 20}]}
      ]
    }})");
}

}  // namespace weft::test
