# SPDX-License-Identifier: MIT
# Says which functions are longer than 70 lines (tests: 100), and which hold a static variable. Reads files that strip.awk
# wrote.
# A brace opens a function if what stands before it since the last ; { or } has a parameter list, and is no type
# or namespace. Only the outermost one counts: lambdas and blocks are part of it.
function is_function(text) {
    if (text ~ /(^|[ \t])(namespace|class|struct|union|enum)[ \t][^()]*$/) return 0
    if (text ~ /=[ \t]*$/) return 0
    return text ~ /\)[^()=]*$/ || text ~ /\)[ \t]*:[ \t].*$/
}
FNR == 1 {
    name = FILENAME
    text = ""
    depth = depth_of_function = 0
}
{
    if (depth_of_function > 0 && $0 ~ /^[ \t]+static[ \t]/ && $0 !~ /static[ \t]+(constexpr|constinit)[ \t]/ &&
        name ~ /^(src|include)\//)
        print name ":" FNR " has a static variable"
    line = $0
    while (match(line, /[{};]/)) {
        text = text substr(line, 1, RSTART - 1)
        c = substr(line, RSTART, 1)
        line = substr(line, RSTART + 1)
        if (c == "{") {
            depth++
            if (depth_of_function == 0 && is_function(text)) {
                depth_of_function = depth
                first = FNR
            }
            text = ""
        } else if (c == "}") {
            if (depth == depth_of_function) {
                size = FNR - first + 1
                max = name ~ /^tests\// ? 100 : 70
                if (size > max) print name ":" first " has " size " lines; at most " max " are allowed"
                depth_of_function = 0
            }
            depth--
            text = ""
        } else {
            text = ""
        }
    }
    text = text line " "
}
