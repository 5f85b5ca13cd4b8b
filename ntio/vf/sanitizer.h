/* SPDX-License-Identifier: MIT */
/*
 * sanitizer.h - which sanitizer this build has. Under one, caches are off and each block is the
 * host allocator's, so that its reports name the allocation; routines that touch foreign memory on
 * purpose opt out.
 */
#ifndef NTIO_VF_SANITIZER_H
#define NTIO_VF_SANITIZER_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NTIO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define NTIO_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(NTIO_ASAN)
#define NTIO_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(NTIO_TSAN)
#define NTIO_TSAN 1
#endif
#ifndef NTIO_ASAN
#define NTIO_ASAN 0
#endif
#ifndef NTIO_TSAN
#define NTIO_TSAN 0
#endif
#define NTIO_SANITIZED (NTIO_ASAN || NTIO_TSAN)

/* For a routine that reads or writes memory which may be anybody's, or not there. */
#if defined(__clang__)
#define NTIO_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined"), noinline))
#else
#define NTIO_NO_SANITIZE                                                                           \
    __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined"),        \
                   noinline))
#endif

#endif
