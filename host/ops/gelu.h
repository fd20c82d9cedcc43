/* GELU in double precision, for the references of the ops that apply it. */
#ifndef TE_OPS_GELU_H
#define TE_OPS_GELU_H

double te_gelu_exact(double x);

/* Its derivative. */
double te_gelu_slope_exact(double x);

#endif
