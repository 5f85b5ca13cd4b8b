/* SPDX-License-Identifier: MIT */
/* guiddef.h - GUID, and DEFINE_GUID: a declaration, or with INITGUID a definition that may repeat.
 */
#ifndef NTIO_DDK_GUIDDEF_H
#define NTIO_DDK_GUIDDEF_H

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;
#endif

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID;
typedef GUID CLSID;

#ifdef __cplusplus
#define EXTERN_C          extern "C"
#define NTIO_GUID_LINKAGE extern "C"
typedef const GUID &REFGUID;
typedef const IID &REFIID;
#define NTIO_GUID_ADDRESS(g) (&(g))
#else
#define EXTERN_C extern
#define NTIO_GUID_LINKAGE
typedef const GUID *REFGUID;
typedef const IID *REFIID;
#define NTIO_GUID_ADDRESS(g) (g)
#endif
#define REFCLSID REFIID

#define IsEqualGUID(a, b)                                                                          \
    (__builtin_memcmp(NTIO_GUID_ADDRESS(a), NTIO_GUID_ADDRESS(b), sizeof(GUID)) == 0)
#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)
#define IsEqualIID(a, b)        IsEqualGUID(a, b)
#define IsEqualCLSID(a, b)      IsEqualGUID(a, b)

#endif

/* Outside the guard: initguid.h may come after a header that already included this one. */
#undef DEFINE_GUID
#undef NTIO_GUID_HIDDEN
#undef NTIO_GUID_WEAK
#ifdef __MINGW32__ /* PE has no visibility */
#define NTIO_GUID_WEAK __attribute__((selectany))
#define NTIO_GUID_HIDDEN
#else
#define NTIO_GUID_WEAK   __attribute__((weak, visibility("hidden")))
#define NTIO_GUID_HIDDEN __attribute__((visibility("hidden")))
#endif
#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    EXTERN_C const GUID name NTIO_GUID_WEAK;                                                       \
    NTIO_GUID_LINKAGE const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)                               \
    EXTERN_C const GUID name NTIO_GUID_HIDDEN
#endif
