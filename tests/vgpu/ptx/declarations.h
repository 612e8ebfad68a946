// Variable declarations, which stand at module level, in parameter lists and inside functions.
#pragma once

#include <functional>
#include <optional>

#include "ptx/lexer.h"
#include "ptx/module.h"

namespace vgpu::ptx {

// `.global .align 8 .u64 x[2] = {a, b}` from the state space on, up to but not including `;`, `,` or `)`. Several names
// may be declared at once only for registers, which are not variables.
Variable parse_variable(Lexer& lexer, Space space);

std::optional<Space> accept_space(Lexer& lexer);
Type expect_type(Lexer& lexer);

}  // namespace vgpu::ptx
