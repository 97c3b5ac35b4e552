# Bars of CPU seconds, a row each, on a logarithmic scale: from a restored machine to 64 submissions lies a
# factor of a thousand. `data` and the output are set by run.
set terminal svg size 900,420 font "sans,12"
set datafile separator "\t"
set style fill solid 0.7
set logscale x
stats data using 2 nooutput
set xrange [0.01:STATS_max * 4] # room for the number behind the longest bar
set yrange [*:*] reverse
set xlabel "CPU seconds (median)"
unset key
set offsets 0, 0, 0.5, 0.5
plot data using (0.01):0:(0.01):2:($0-0.35):($0+0.35):ytic(1) with boxxyerror, \
	data using 2:0:(sprintf(" %.3g", $2)) with labels left
