// Multiplies two matrices that are cut into blocks. A block of the product reads a row of blocks of
// one and a column of blocks of the other, in place: tasks of one process share values.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <vector>

#include "weft/weft.hpp"

namespace {

constexpr std::size_t blocks = 4;       // In each direction.
constexpr std::size_t block_size = 96;  // A block of 96 x 96 numbers fits into a core's own cache.
constexpr std::size_t size = blocks * block_size;

/// A square matrix, row by row.
struct Matrix {
  std::size_t size = 0;
  std::vector<double> cells;

  double& at(std::size_t row, std::size_t column) { return cells[row * size + column]; }
  double at(std::size_t row, std::size_t column) const { return cells[row * size + column]; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Matrix& x) {
    return f.object(x).fields(f.field("size", x.size), f.field("cells", x.cells));
  }
};

Matrix zeros(std::size_t n) { return {n, std::vector<double>(n * n)}; }

/// One of the two factors: any numbers that are easily computed at every place.
double cell_of(int factor, std::size_t row, std::size_t column) {
  return std::sin(static_cast<double>(row) * (factor + 1) + static_cast<double>(column) * 0.5);
}

const weft::Function make_block{"make_block@1", [](int factor, std::size_t row,
                                                    std::size_t column) {
  Matrix block = zeros(block_size);
  for (std::size_t i = 0; i < block_size; ++i) {
    for (std::size_t j = 0; j < block_size; ++j) {
      block.at(i, j) = cell_of(factor, row * block_size + i, column * block_size + j);
    }
  }
  return block;
}};

using Blocks = std::vector<weft::Shared<Matrix>>;

const weft::Function multiply{"multiply@1", [](const Blocks& row, const Blocks& column) {
  Matrix product = zeros(block_size);
  for (std::size_t block = 0; block < row.size(); ++block) {
    const Matrix& a = *row[block];
    const Matrix& b = *column[block];
    for (std::size_t i = 0; i < block_size; ++i) {
      for (std::size_t k = 0; k < block_size; ++k) {
        for (std::size_t j = 0; j < block_size; ++j) product.at(i, j) += a.at(i, k) * b.at(k, j);
      }
    }
  }
  return product;
}};

const weft::Function assemble{"assemble@1", [](const std::vector<Blocks>& rows) {
  Matrix whole = zeros(size);
  for (std::size_t row = 0; row < size; ++row) {
    for (std::size_t column = 0; column < size; ++column) {
      const Matrix& block = *rows[row / block_size][column / block_size];
      whole.at(row, column) = block.at(row % block_size, column % block_size);
    }
  }
  return whole;
}};

Matrix whole_factor(int factor) {
  Matrix whole = zeros(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) whole.at(i, j) = cell_of(factor, i, j);
  }
  return whole;
}

/// How far `product` is from the product computed cell by cell.
double error_of(const Matrix& product) {
  const Matrix a = whole_factor(0);
  const Matrix b = whole_factor(1);
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      double cell = 0;
      for (std::size_t k = 0; k < size; ++k) cell += a.at(i, k) * b.at(k, j);
      worst = std::max(worst, std::abs(cell - product.at(i, j)));
    }
  }
  return worst;
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    std::cerr << "usage: blocked_matmul\n  takes no arguments\n";
    return 2;
  }

  using Row = std::vector<weft::Future<Matrix>>;
  weft::Workflow workflow{"blocked_matmul"};
  std::vector<Row> a_rows(blocks);
  std::vector<Row> b_columns(blocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    for (std::size_t k = 0; k < blocks; ++k) {
      a_rows[i].push_back(workflow.task(make_block, 0, i, k));
      b_columns[i].push_back(workflow.task(make_block, 1, k, i));
    }
  }
  std::vector<Row> c_rows(blocks);
  for (std::size_t i = 0; i < blocks; ++i) {
    for (std::size_t j = 0; j < blocks; ++j) {
      c_rows[i].push_back(workflow.task(multiply, a_rows[i], b_columns[j]));
    }
  }
  const auto product = workflow.task(assemble, c_rows);
  const std::uint32_t tasks = workflow.task_count();

  weft::Registry registry;
  registry.add(make_block).add(multiply).add(assemble);
  weft::Engine engine{registry};
  const Matrix c = engine.submit(std::move(workflow), product).get();
  const double error = error_of(c);
  std::cout << size << " x " << size << " product in " << tasks << " tasks, largest error " << error
            << "\n";
  const bool ok = error < 1e-9;
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
