/* Outcome: exit 1, log says: nested depth */
#include __FILE__
