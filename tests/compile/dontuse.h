/* SPDX-License-Identifier: MIT */
/* dontuse.h - some samples bring a list of banned routines; there is nothing to ban here. */
