/* Outcome: exit 1, log says: nested too deep */
#include __FILE__
