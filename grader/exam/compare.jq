# One case of the exam against its report. Input: report.json. Arguments: $kind (wrong, right),
# $breaks and $may (promises, one a line), $outcome (status of the first of $breaks, or empty).
# Output: "ok", or what is wrong with the grader's verdict.
def lines: split("\n") | map(select(. != ""));

($breaks | lines) as $must
| ($may | lines) as $may
| [.checks[] | select(.status != "pass" and .status != "skip")] as $broken
| [$broken[].name] as $names
| [.checks[].name] as $known
| if .status == "not-judged" then
    "not judged: " + ([.checks[] | select(.status == "broken") | "\(.name): \(.found)"] | join("; "))
  elif ($must + $may) - $known != [] then
    "names promises that do not exist: " + (($must + $may) - $known | join("; "))
  elif $kind == "right" then
    if .score == .max_score then "ok"
    else "right, but \(.score): " + ([.checks[] | select(.status != "pass")
      | "\(.status) \(.name) (wanted \(.wanted), found \(.found))"] | join("; ")) end
  elif $must == [] then "a wrong submission has to say which promise it Breaks:"
  elif $must - $names != [] then "not caught: " + ($must - $names | join("; "))
    + (if $names == [] then "" else " (broken instead: " + ($names | join("; ")) + ")" end)
  elif $names - $must - $may != [] then
    "broken, but not named: " + ([$broken[] | select([.name] - $must - $may != [])
      | "\(.status) \(.name) (wanted \(.wanted), found \(.found))"] | join("; "))
  elif $outcome != "" and ([$broken[] | select(.name == $must[0])][0].status) != $outcome then
    "\($must[0]): \([$broken[] | select(.name == $must[0])][0].status) instead of \($outcome)"
  else "ok" end
