#pragma once

// QR of one matrix by Householder reflections: the kernel of the tall and skinny one. Plain, to be
// read; LAPACK's is faster.

#include <cmath>
#include <cstddef>
#include <vector>

/// Row by row.
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> cells;

  Matrix() = default;
  Matrix(std::size_t height, std::size_t width)
    : rows(height), columns(width), cells(height * width) {}

  double& at(std::size_t row, std::size_t column) { return cells[row * columns + column]; }
  double at(std::size_t row, std::size_t column) const { return cells[row * columns + column]; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Matrix& x) {
    return f.object(x).fields(f.field("rows", x.rows), f.field("columns", x.columns),
                              f.field("cells", x.cells));
  }
};

/// A factored matrix: Q has its shape, R is square.
struct Factors {
  Matrix q;
  Matrix r;

  template <class Inspector>
  friend bool inspect(Inspector& f, Factors& x) {
    return f.object(x).fields(f.field("q", x.q), f.field("r", x.r));
  }
};

/// Subtracts `factor` v v' from rows `k` on of `matrix`, from column `first` on. The vector v is 1
/// in row `k`, and column `k` of `reflectors` below it.
inline void reflect(const Matrix& reflectors, std::size_t k, double factor, Matrix& matrix,
                    std::size_t first) {
  const auto v = [&](std::size_t row) { return row == k ? 1.0 : reflectors.at(row, k); };
  std::vector<double> products(matrix.columns);
  for (std::size_t i = k; i < matrix.rows; ++i) {
    for (std::size_t j = first; j < matrix.columns; ++j) products[j] += v(i) * matrix.at(i, j);
  }
  for (std::size_t i = k; i < matrix.rows; ++i) {
    const double scaled = factor * v(i);
    for (std::size_t j = first; j < matrix.columns; ++j) matrix.at(i, j) -= scaled * products[j];
  }
}

/// Factors one matrix by Householder reflections (Golub and Van Loan, "Matrix Computations", 5.2).
/// It has at least as many rows as columns.
inline Factors factor_one(Matrix a) {
  const std::size_t n = a.columns;
  std::vector<double> factors(n);
  for (std::size_t k = 0; k < n; ++k) {
    double square = 0;
    for (std::size_t i = k; i < a.rows; ++i) square += a.at(i, k) * a.at(i, k);
    if (square == 0) continue;  // Nothing to reflect.
    const double beta = -std::copysign(std::sqrt(square), a.at(k, k));
    const double head = a.at(k, k) - beta;
    for (std::size_t i = k + 1; i < a.rows; ++i) a.at(i, k) /= head;
    factors[k] = -head / beta;
    a.at(k, k) = beta;
    reflect(a, k, factors[k], a, k + 1);
  }
  Factors result{Matrix{a.rows, n}, Matrix{n, n}};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i; j < n; ++j) result.r.at(i, j) = a.at(i, j);
    result.q.at(i, i) = 1;
  }
  for (std::size_t k = n; k-- > 0;) reflect(a, k, factors[k], result.q, k);
  return result;
}

/// Rows `begin` to `end` of `a`, times the small square matrix `b`.
inline Matrix product(const Matrix& a, const Matrix& b, std::size_t begin, std::size_t end) {
  Matrix result{end - begin, b.columns};
  for (std::size_t i = begin; i < end; ++i) {
    for (std::size_t k = 0; k < a.columns; ++k) {
      for (std::size_t j = 0; j < b.columns; ++j) {
        result.at(i - begin, j) += a.at(i, k) * b.at(k, j);
      }
    }
  }
  return result;
}

/// All rows of all parts, which are as wide as one another.
inline Matrix stacked(const std::vector<const Matrix*>& parts) {
  Matrix result{0, parts.front()->columns};
  for (const Matrix* part : parts) {
    result.rows += part->rows;
    result.cells.insert(result.cells.end(), part->cells.begin(), part->cells.end());
  }
  return result;
}
