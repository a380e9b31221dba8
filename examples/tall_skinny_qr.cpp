// Factors a tall matrix A into Q R, with a Q of orthonormal columns and an upper triangular R. Each
// block of rows is factored by itself, a tree of tasks joins the triangles two by two, and Q is
// formed on the way back down the tree. The algorithm is TSQR of Demmel, Grigori, Hoemmen and
// Langou, "Communication-optimal parallel and sequential QR and LU factorizations", SIAM Journal on
// Scientific Computing 34 (1), 2012.
//
//   tall_skinny_qr [ROWS COLUMNS BLOCKS]

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <vector>

#include "householder_qr.hpp"
#include "number_argument.hpp"
#include "weft/weft.hpp"

namespace {

/// A number from -1 to 1 that depends on its place alone, so that any block can be made by itself:
/// the output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
double random_at(std::uint64_t place) {
  std::uint64_t x = (place + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  x ^= x >> 31;
  return static_cast<double>(x >> 11) * 0x1p-52 - 1;
}

Matrix random_rows(std::size_t begin, std::size_t end, std::size_t columns) {
  Matrix block{end - begin, columns};
  for (std::size_t i = 0; i < block.cells.size(); ++i) {
    block.cells[i] = random_at(begin * columns + i);
  }
  return block;
}

// -- the workflow ---------------------------------------------------------------------------------

const weft::Function make_block{"make_block@1", random_rows};

const weft::Function factor{"factor@1", [](const Matrix& block) { return factor_one(block); }};

/// Two triangles, one above the other, are factored again.
const weft::Function join{"join@1", [](const Factors& upper, const Factors& lower) {
  return factor_one(stacked({&upper.r, &lower.r}));
}};

const weft::Function identity{"identity@1", [](std::size_t n) {
  Matrix result{n, n};
  for (std::size_t i = 0; i < n; ++i) result.at(i, i) = 1;
  return result;
}};

// What the two that were joined are to be multiplied with on the way down.
const weft::Function upper_half{"upper_half@1", [](const Factors& node, const Matrix& from_above) {
  return product(node.q, from_above, 0, node.q.rows / 2);
}};
const weft::Function lower_half{"lower_half@1", [](const Factors& node, const Matrix& from_above) {
  return product(node.q, from_above, node.q.rows / 2, node.q.rows);
}};

const weft::Function finish{"finish@1", [](const Factors& leaf, const Matrix& from_above) {
  return product(leaf.q, from_above, 0, leaf.q.rows);
}};

const weft::Function assemble{"assemble@1", [](const std::vector<weft::Shared<Matrix>>& q_blocks,
                                               const Factors& root) {
  std::vector<const Matrix*> parts;
  for (const auto& block : q_blocks) parts.push_back(&*block);
  return Factors{stacked(parts), root.r};
}};

struct Shape {
  std::size_t rows = 60'000;
  std::size_t columns = 32;
  std::size_t blocks = 12;
};

/// A place in the tree: a leaf has no children.
struct Node {
  weft::Future<Factors> factors;
  std::vector<Node> children;
};

/// Factors the blocks and joins neighbours until one is left. An odd one goes up as it is.
Node way_up(weft::Workflow& workflow, const Shape& shape) {
  std::vector<Node> level;
  for (std::size_t i = 0; i < shape.blocks; ++i) {
    const auto block = workflow.task(make_block, shape.rows * i / shape.blocks,
                                     shape.rows * (i + 1) / shape.blocks, shape.columns);
    level.push_back({workflow.task(factor, block), {}});
  }
  while (level.size() > 1) {
    std::vector<Node> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      const auto joined = workflow.task(join, level[i].factors, level[i + 1].factors);
      above.push_back({joined, {level[i], level[i + 1]}});
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level.front();
}

/// Adds the blocks of Q below `node`, from the first row to the last.
void way_down(weft::Workflow& workflow, const Node& node, const weft::Future<Matrix>& from_above,
              std::vector<weft::Future<Matrix>>& q_blocks) {
  if (node.children.empty()) {
    q_blocks.push_back(workflow.task(finish, node.factors, from_above));
    return;
  }
  way_down(workflow, node.children[0], workflow.task(upper_half, node.factors, from_above),
           q_blocks);
  way_down(workflow, node.children[1], workflow.task(lower_half, node.factors, from_above),
           q_blocks);
}

// -- the check ------------------------------------------------------------------------------------

/// Frobenius norm.
double norm(const Matrix& matrix) {
  double square = 0;
  for (const double cell : matrix.cells) square += cell * cell;
  return std::sqrt(square);
}

double distance(Matrix a, const Matrix& b) {
  for (std::size_t i = 0; i < a.cells.size(); ++i) a.cells[i] -= b.cells[i];
  return norm(a);
}

/// || Q'Q - I ||
double orthogonality_error(const Matrix& q) {
  Matrix gram{q.columns, q.columns};
  for (std::size_t i = 0; i < q.rows; ++i) {
    for (std::size_t j = 0; j < q.columns; ++j) {
      for (std::size_t k = 0; k < q.columns; ++k) gram.at(j, k) += q.at(i, j) * q.at(i, k);
    }
  }
  for (std::size_t j = 0; j < q.columns; ++j) gram.at(j, j) -= 1;
  return norm(gram);
}

bool is_upper_triangular(const Matrix& r) {
  for (std::size_t i = 0; i < r.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (r.at(i, j) != 0) return false;
    }
  }
  return true;
}

/// R is unique up to the signs of its rows: with a diagonal that is not negative there is but one.
Matrix with_fixed_signs(Matrix r) {
  for (std::size_t i = 0; i < r.rows; ++i) {
    if (r.at(i, i) >= 0) continue;
    for (std::size_t j = 0; j < r.columns; ++j) r.at(i, j) = -r.at(i, j);
  }
  return r;
}

/// Prints how far the factors are from what they must be, and answers whether that is rounding.
bool check_factors(const Factors& found, const Shape& shape) {
  constexpr double rounding = 1e-12;  // Some thousand times what a number of 1 is rounded by.
  const Matrix a = random_rows(0, shape.rows, shape.columns);
  const Matrix direct = with_fixed_signs(factor_one(a).r);
  const double residual = distance(product(found.q, found.r, 0, shape.rows), a) / norm(a);
  const double orthogonality = orthogonality_error(found.q);
  const double difference = distance(with_fixed_signs(found.r), direct) / norm(direct);
  const bool triangular = is_upper_triangular(found.r);
  std::cout << "||A - QR|| / ||A||        " << residual << "\n"
            << "||Q'Q - I||               " << orthogonality << "\n"
            << "||R - R of the whole||    " << difference << ", relative, up to signs\n"
            << "R is upper triangular     " << (triangular ? "yes" : "no") << "\n";
  return residual < rounding && orthogonality < rounding && difference < rounding && triangular;
}

/// Nothing unless the arguments are a shape in which every block has at least as many rows as
/// columns.
std::optional<Shape> shape_of(int argc, char** argv) {
  if (argc == 1) return Shape{};
  if (argc != 4) return std::nullopt;
  const auto rows = number_in(argv[1], 1, 1'000'000);
  const auto columns = number_in(argv[2], 1, 256);
  const auto blocks = number_in(argv[3], 1, 4096);
  if (!rows || !columns || !blocks) return std::nullopt;
  if (*rows / *blocks < *columns || *rows * *columns > 16'000'000) return std::nullopt;
  return Shape{.rows = *rows, .columns = *columns, .blocks = *blocks};
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Shape> shape = shape_of(argc, argv);
  if (!shape) {
    std::cerr << "usage: tall_skinny_qr [ROWS COLUMNS BLOCKS]\n"
                 "  at most 1000000 rows, 256 columns, 4096 blocks and 16000000 numbers;\n"
                 "  a block must have as many rows as columns at least: ROWS / BLOCKS >= COLUMNS\n";
    return 2;
  }

  weft::Workflow workflow{"tall_skinny_qr"};
  const Node root = way_up(workflow, *shape);
  std::vector<weft::Future<Matrix>> q_blocks;
  way_down(workflow, root, workflow.task(identity, shape->columns), q_blocks);
  const auto result = workflow.task(assemble, q_blocks, root.factors);
  const std::uint32_t tasks = workflow.task_count();

  weft::Registry registry;
  registry.add(make_block).add(factor).add(join).add(identity).add(upper_half).add(lower_half);
  registry.add(finish).add(assemble);
  weft::Engine engine{registry};
  const Factors found = engine.submit(std::move(workflow), result).get();
  std::cout << shape->rows << " x " << shape->columns << " numbers in " << shape->blocks
            << " blocks, " << tasks << " tasks\n";
  const bool ok = check_factors(found, *shape);
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
