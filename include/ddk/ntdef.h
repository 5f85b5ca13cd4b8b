/* SPDX-License-Identifier: MIT */
/*
 * ntdef.h - the words that everything else is written in: scalar types of 64-bit Windows (LLP64),
 * calling convention, strings, list links, object attributes.
 *
 * Compile with -fshort-wchar. On x86-64 NTAPI is the Windows calling convention in every build, so
 * native and PE drivers stand in one stack (docs: spec/abi-facts.md).
 */
#ifndef NTIO_DDK_NTDEF_H
#define NTIO_DDK_NTDEF_H

#include <stdarg.h>
#include <stddef.h>

#include "guiddef.h"
#include "sal.h"

#if defined(__cplusplus) && !defined(_Static_assert)
#define _Static_assert static_assert
#endif

_Static_assert(sizeof(L'x') == 2, "compile with -fshort-wchar: WCHAR has 16 bits");

/* Calling convention, linkage, attributes. */

#if defined(__x86_64__)
#define NTAPI __attribute__((ms_abi))
typedef __builtin_ms_va_list NT_VA_LIST;
#define NT_VA_START(list, last) __builtin_ms_va_start(list, last)
#define NT_VA_END(list)         __builtin_ms_va_end(list)
#define NT_VA_COPY(to, from)    __builtin_ms_va_copy(to, from)
#else
#define NTAPI
typedef va_list NT_VA_LIST;
#define NT_VA_START(list, last) va_start(list, last)
#define NT_VA_END(list)         va_end(list)
#define NT_VA_COPY(to, from)    va_copy(to, from)
#endif
#define NT_VA_ARG(list, type) __builtin_va_arg(list, type)

#define STDCALL  NTAPI
#define FASTCALL NTAPI
#define CDECL    NTAPI
#define CALLBACK NTAPI
#if !defined(_MSC_VER) && !defined(__MINGW32__) && !defined(__cdecl)
#define __cdecl /* what a function has that says nothing */
#define __stdcall NTAPI
#endif

#define NTSYSAPI     __attribute__((visibility("default")))
#define NTSYSCALLAPI NTSYSAPI
#define NTKERNELAPI  NTSYSAPI
#define NTHALAPI     NTSYSAPI
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT     __attribute__((visibility("default")))
#define DECLSPEC_NORETURN   __attribute__((noreturn))
#define DECLSPEC_ALIGN(n)   __attribute__((aligned(n)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(SYSTEM_CACHE_ALIGNMENT_SIZE)
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_NOINLINE  __attribute__((noinline))
#define DECLSPEC_SELECTANY __attribute__((weak))
#ifdef __cplusplus
#define FORCEINLINE inline __attribute__((always_inline))
#else
#define FORCEINLINE static inline __attribute__((always_inline))
#endif
#define CFORCEINLINE FORCEINLINE
#define NOP_FUNCTION ((void)0)
#define UNALIGNED
#define RESTRICTED_POINTER __restrict
#define FIRMWARE_REENTRANT
#define POINTER_ALIGNMENT           DECLSPEC_ALIGN(8)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64

/* Scalars. */

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif

typedef void *PVOID, *PVOID64;
typedef char CHAR, CCHAR;
typedef signed char SCHAR, INT8;
typedef unsigned char UCHAR, BYTE, BOOLEAN, UINT8;
typedef short SHORT, CSHORT, INT16;
typedef unsigned short USHORT, WORD, UINT16, ATOM, LANGID;
typedef int INT, LONG, LONG32, INT32, BOOL;
typedef unsigned int UINT, ULONG, ULONG32, DWORD, UINT32, CLONG, LCID, LOGICAL;
typedef long long LONGLONG, LONG64, INT64, LONG_PTR, INT_PTR, SSIZE_T;
typedef unsigned long long ULONGLONG, ULONG64, DWORDLONG, DWORD64, UINT64;
typedef unsigned long long ULONG_PTR, UINT_PTR, DWORD_PTR, SIZE_T;
typedef int HALF_PTR;
typedef unsigned int UHALF_PTR;
typedef float FLOAT;
typedef double DOUBLE;
typedef wchar_t WCHAR;
typedef ULONG_PTR KAFFINITY, KSPIN_LOCK;
typedef LONG NTSTATUS, KPRIORITY;
typedef UCHAR KIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef ULONG ACCESS_MASK, SECURITY_INFORMATION, EXECUTION_STATE;
typedef ULONG DEVICE_TYPE;
typedef USHORT SECURITY_DESCRIPTOR_CONTROL;
typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef PVOID HANDLE;

typedef CHAR *PCHAR, *LPCH, *PCH, *PNZCH, *NPSTR, *LPSTR, *PSTR, *PCCHAR;
typedef CONST CHAR *LPCCH, *PCCH, *LPCSTR, *PCSTR, *PCSZ, *PCNZCH;
typedef CHAR *PSZ;
typedef SCHAR *PSCHAR;
typedef UCHAR *PUCHAR, *PBYTE, *PBOOLEAN, *LPBYTE;
typedef CONST UCHAR *PCUCHAR;
typedef SHORT *PSHORT, *PCSHORT;
typedef USHORT *PUSHORT, *PWORD;
typedef CONST USHORT *PCUSHORT;
typedef LONG *PLONG, *PINT, *PLONG32;
typedef INT32 *PINT32;
typedef ULONG *PULONG, *PDWORD, *PUINT, *PCLONG, *PLCID, *PLOGICAL, *PULONG32, *LPDWORD;
typedef UINT32 *PUINT32;
typedef CONST ULONG *PCULONG;
typedef LONGLONG *PLONGLONG, *PLONG64, *PLONG_PTR, *PINT_PTR, *PSSIZE_T, *PINT64;
typedef ULONGLONG *PULONGLONG, *PULONG64, *PDWORDLONG, *PULONG_PTR, *PUINT_PTR, *PSIZE_T, *PUINT64;
typedef ULONG_PTR *PDWORD_PTR;
typedef WCHAR *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR, *PZZWSTR;
typedef CONST WCHAR *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR, *PCZZWSTR, *PCNZWCH;
typedef WCHAR *PNZWCH;
typedef CONST void *PCVOID;
typedef HANDLE *PHANDLE;
typedef KAFFINITY *PKAFFINITY;
typedef KSPIN_LOCK *PKSPIN_LOCK;
typedef NTSTATUS *PNTSTATUS;
typedef KIRQL *PKIRQL;
typedef ACCESS_MASK *PACCESS_MASK;
typedef SECURITY_INFORMATION *PSECURITY_INFORMATION;
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define DECLARE_HANDLE(name)                                                                       \
    struct name##__ {                                                                              \
        int unused;                                                                                \
    };                                                                                             \
    typedef struct name##__ *name

#define MAXUCHAR     0xff
#define MAXCHAR      0x7f
#define MINCHAR      0x80
#define MAXUSHORT    0xffff
#define MAXSHORT     0x7fff
#define MINSHORT     0x8000
#define MAXULONG     0xffffffff
#define MAXDWORD     0xffffffff
#define MAXLONG      0x7fffffff
#define MINLONG      0x80000000
#define MAXLONGLONG  0x7fffffffffffffffLL
#define MAXULONGLONG 0xffffffffffffffffULL
#define MAXULONG_PTR (~(ULONG_PTR)0)
#define MAXLONG_PTR  ((LONG_PTR)(~(ULONG_PTR)0 >> 1))
#define MAXSIZE_T    MAXULONG_PTR

/* NTSTATUS: severity in the two upper bits. */

#define NT_SUCCESS(s)     ((NTSTATUS)(s) >= 0)
#define NT_INFORMATION(s) ((((ULONG)(s)) >> 30) == 1)
#define NT_WARNING(s)     ((((ULONG)(s)) >> 30) == 2)
#define NT_ERROR(s)       ((((ULONG)(s)) >> 30) == 3)

/* Wide integers and strings. */

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING;
typedef STRING ANSI_STRING, OEM_STRING, UTF8_STRING;
typedef PSTRING PANSI_STRING, POEM_STRING, PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    CONST char *Buffer;
} CSTRING;

#define UNICODE_NULL             ((WCHAR)0)
#define ANSI_NULL                ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS 32767

#ifdef __cplusplus
extern "C++" { /* drivers include these headers inside extern "C" */
static inline constexpr char *NtioMutable(const char *s)
{
    return const_cast<char *>(s);
}
static inline constexpr WCHAR *NtioMutable(const WCHAR *s)
{
    return const_cast<WCHAR *>(s);
}
}
#else
#define NtioMutable(s) ((PVOID)(s))
#endif

#define RTL_CONSTANT_STRING(s)                                                                     \
    {                                                                                              \
        sizeof(s) - sizeof((s)[0]), sizeof(s), NtioMutable(s)                                      \
    }

#define DECLARE_CONST_UNICODE_STRING(name, literal)                                                \
    const WCHAR name##_buffer[] = literal;                                                         \
    const UNICODE_STRING name = {sizeof(literal) - sizeof(WCHAR), sizeof(literal),                 \
                                 (PWCH)name##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(name, literal)                                         \
    static const UNICODE_STRING name = {sizeof(literal) - sizeof(WCHAR), sizeof(literal),          \
                                        (PWCH)(literal)}
#define DECLARE_UNICODE_STRING_SIZE(name, chars)                                                   \
    WCHAR name##_buffer[chars];                                                                    \
    UNICODE_STRING name = {0, (chars) * sizeof(WCHAR), name##_buffer}

/* List links. The routines over them are in wdm/list.h. */

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60; /* upper bits of the first entry's address */
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

/* Objects. */

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT                       0x00000002
#define OBJ_PERMANENT                     0x00000010
#define OBJ_EXCLUSIVE                     0x00000020
#define OBJ_CASE_INSENSITIVE              0x00000040
#define OBJ_OPENIF                        0x00000080
#define OBJ_OPENLINK                      0x00000100
#define OBJ_KERNEL_HANDLE                 0x00000200
#define OBJ_FORCE_ACCESS_CHECK            0x00000400
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800
#define OBJ_DONT_REPARSE                  0x00001000
#define OBJ_VALID_ATTRIBUTES              0x00001ff2

#define InitializeObjectAttributes(p, name, attributes, root, sd)                                  \
    do {                                                                                           \
        POBJECT_ATTRIBUTES oa_ = (p);                                                              \
        oa_->Length = sizeof(OBJECT_ATTRIBUTES);                                                   \
        oa_->RootDirectory = (root);                                                               \
        oa_->ObjectName = (name);                                                                  \
        oa_->Attributes = (attributes);                                                            \
        oa_->SecurityDescriptor = (sd);                                                            \
        oa_->SecurityQualityOfService = NULL;                                                      \
    } while (0)

#define RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes)                                           \
    {                                                                                              \
        sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(name), (attributes), NULL, NULL         \
    }
#define RTL_INIT_OBJECT_ATTRIBUTES(name, attributes)                                               \
    RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes)

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue } WAIT_TYPE;
typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer
} NT_PRODUCT_TYPE,
    *PNT_PRODUCT_TYPE;

/* Helpers. */

#define C_ASSERT(e)                           _Static_assert(e, #e)
#define FIELD_OFFSET(type, field)             ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field)            ((ULONG)offsetof(type, field))
#define RTL_FIELD_SIZE(type, field)           sizeof(((type *)0)->field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(p, size, field)                                                         \
    (((PCHAR) & (p)->field + sizeof((p)->field)) <= ((PCHAR)(p) + (size)))
#define CONTAINING_RECORD(address, type, field) ((type *)((PCHAR)(address)-offsetof(type, field)))
#define RTL_NUMBER_OF(a)                        (sizeof(a) / sizeof((a)[0]))
#define RTL_NUMBER_OF_V1(a)                     RTL_NUMBER_OF(a)
#define RTL_NUMBER_OF_V2(a)                     RTL_NUMBER_OF(a)
#define RTL_NUMBER_OF_FIELD(type, field)        RTL_NUMBER_OF(((type *)0)->field)
#ifndef ARRAYSIZE
#define ARRAYSIZE(a) RTL_NUMBER_OF(a)
#endif
#define _ARRAYSIZE(a) RTL_NUMBER_OF(a)

#define UNREFERENCED_PARAMETER(p)          ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)      ((void)(p))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(p) ((void)(p))
#define DEFAULT_UNREACHABLE                __builtin_unreachable()

#define ANYSIZE_ARRAY    1
#define LOBYTE(w)        ((UCHAR)((ULONG_PTR)(w)&0xff))
#define HIBYTE(w)        ((UCHAR)(((ULONG_PTR)(w) >> 8) & 0xff))
#define LOWORD(l)        ((USHORT)((ULONG_PTR)(l)&0xffff))
#define HIWORD(l)        ((USHORT)(((ULONG_PTR)(l) >> 16) & 0xffff))
#define MAKEWORD(lo, hi) ((USHORT)((UCHAR)(lo) | ((USHORT)(UCHAR)(hi)) << 8))
#define MAKELONG(lo, hi) ((LONG)((USHORT)(lo) | ((ULONG)(USHORT)(hi)) << 16))

#define FlagOn(word, bits)        ((word) & (bits))
#define BooleanFlagOn(word, bits) ((BOOLEAN)(((word) & (bits)) != 0))
#define SetFlag(word, bits)       ((word) |= (bits))
#define ClearFlag(word, bits)     ((word) &= ~(bits))

#define PtrToUlong(p)    ((ULONG)(ULONG_PTR)(p))
#define PtrToLong(p)     ((LONG)(LONG_PTR)(p))
#define PtrToUint(p)     ((UINT)(ULONG_PTR)(p))
#define UlongToPtr(u)    ((PVOID)(ULONG_PTR)(ULONG)(u))
#define ULongToPtr(u)    UlongToPtr(u)
#define LongToPtr(l)     ((PVOID)(LONG_PTR)(LONG)(l))
#define HandleToULong(h) PtrToUlong(h)
#define HandleToUlong(h) PtrToUlong(h)
#define HandleToLong(h)  PtrToLong(h)
#define ULongToHandle(u) ((HANDLE)UlongToPtr(u))
#define UlongToHandle(u) ((HANDLE)UlongToPtr(u))
#define LongToHandle(l)  ((HANDLE)LongToPtr(l))

#define Int32x32To64(a, b)   ((LONGLONG)(LONG)(a) * (LONG)(b))
#define UInt32x32To64(a, b)  ((ULONGLONG)(ULONG)(a) * (ULONG)(b))
#define Int64ShllMod32(v, s) ((ULONGLONG)(v) << (s))
#define Int64ShrlMod32(v, s) ((ULONGLONG)(v) >> (s))

#endif
