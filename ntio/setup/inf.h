/* SPDX-License-Identifier: MIT */
/*
 * inf.h - .inf files as a pure library: bytes in, answers out. No I/O, no boot, no locks; what was
 * parsed is never changed, so that any number of threads may read one INF_FILE.
 *
 * A file is a list of sections, each (all sections of one name are one, without regard to case) a
 * list of lines, each an optional key and fields. Quotes, "" in quotes, comments and continued
 * lines are resolved by the parser; %token% when a field is read, because what it stands for
 * depends on language and machine. Memory is the host's: the accounting at shutdown sees none of
 * it.
 *
 * Codes are Win32's (winerror.h, setupapi.h). Sources: MS docs, "General syntax rules for INF
 * files", "INF Strings section", "INF Manufacturer section", "Combining platform extensions with
 * operating system versions", "Driver package rank".
 */
#ifndef NTIO_SETUP_INF_H
#define NTIO_SETUP_INF_H

#include "ntio/ntos.h"

#define INF_MAXIMUM_BYTES (16 * 1024 * 1024) /* of a file; more is ERROR_BAD_FORMAT */
#define INF_MAXIMUM_NAME  255                /* characters of a section's name */

typedef struct _INF_LINE {
    ULONG Number;         /* in the file, from 1 */
    ULONG Count;          /* of fields */
    const WCHAR *Key;     /* raw, or NULL */
    const WCHAR **Fields; /* raw: with their %tokens% */
} INF_LINE;

typedef struct _INF_SECTION {
    const WCHAR *Name;
    ULONG Count, Capacity; /* of lines */
    INF_LINE *Lines;
    struct _INF_SECTION *Next, *NextInBucket;
} INF_SECTION;

typedef struct _INF_FILE INF_FILE;

/* What %N% stands for where N is a directory's number: a path of malloc, or NULL: leave it as it
 * is. */
typedef WCHAR *INF_DIRECTORY_ROUTINE(ULONG Id, PVOID Context);

/*
 * Parses. On failure *Line is the line (from 1, 0: the file as a whole) and *File NULL:
 * ERROR_EXPECTED_SECTION_NAME, ERROR_BAD_SECTION_NAME_LINE, ERROR_SECTION_NAME_TOO_LONG,
 * ERROR_WRONG_INF_STYLE (no Version section with a Signature of Windows), ERROR_NOT_ENOUGH_MEMORY,
 * ERROR_BAD_FORMAT. Language: a LANGID.
 */
ULONG InfParse(const VOID *Bytes, SIZE_T Size, USHORT Language, INF_FILE **File, ULONG *Line);
VOID InfFree(INF_FILE *File); /* NULL: nothing */
VOID InfSetDirectories(INF_FILE *File, INF_DIRECTORY_ROUTINE *Routine, PVOID Context);
/* Bytes to UTF-16, of malloc and terminated: by byte order mark, else UTF-16 where every other byte
 * of the beginning is zero, else UTF-8 where it is that, else Windows-1252. NULL: no memory. */
WCHAR *InfDecode(const UCHAR *Bytes, SIZE_T Size, SIZE_T *Characters);

const INF_SECTION *InfFirstSection(const INF_FILE *File); /* in order of their first appearance */
const INF_SECTION *InfFindSection(const INF_FILE *File, const WCHAR *Name);
/* The first line at or after Start with this key (NULL: any line); MAXULONG: none. */
ULONG InfFindLine(const INF_FILE *File, const INF_SECTION *Section, ULONG Start, const WCHAR *Key);

/*
 * A field with its tokens replaced, of malloc. Index 0 is the key, 1 the first field. A field that
 * is not there is NULL; so is one for which there is no memory.
 */
WCHAR *InfField(const INF_FILE *File, const INF_LINE *Line, ULONG Index);
/* The same; where it is not there, an empty string. NULL: no memory. */
WCHAR *InfFieldOrEmpty(const INF_FILE *File, const INF_LINE *Line, ULONG Index);
/* Fields as numbers: decimal or 0x hexadecimal, with sign. FALSE: it is none. */
BOOLEAN InfNumber(const WCHAR *Text, LONG *Number);
BOOLEAN InfFieldNumber(const INF_FILE *File, const INF_LINE *Line, ULONG Index, LONG *Number);
/* Text with its tokens replaced, of malloc. */
WCHAR *InfExpand(const INF_FILE *File, const WCHAR *Text);
/* Field 1 of the line with this key in this section, expanded; NULL: not there. */
WCHAR *InfValue(const INF_FILE *File, const WCHAR *Section, const WCHAR *Key);
WCHAR *InfDuplicate(const WCHAR *Text); /* malloc */
WCHAR *InfJoin(const WCHAR *A, const WCHAR *B, const WCHAR *C);
BOOLEAN InfSame(const WCHAR *A, const WCHAR *B); /* without regard to case */

/* ---- which parts of a file are for which system ---- */

/* A system that a package can be meant for. */
typedef struct _INF_TARGET {
    const WCHAR *Architecture; /* L"amd64" */
    ULONG Major, Minor, Build;
    ULONG ProductType; /* VER_NT_WORKSTATION is 1 */
    ULONG SuiteMask;
} INF_TARGET;
extern const INF_TARGET InfThisSystem;

/*
 * Whether Decoration (L"NTamd64.10.0...16299") is for Target, and how well: a larger Score is the
 * better choice. A decoration without an architecture is for x86 alone.
 */
BOOLEAN InfDecorationFits(const WCHAR *Decoration, const INF_TARGET *Target, ULONGLONG *Score);
/*
 * The models section of one line of [Manufacturer] for Target: Name or Name.Decoration, the best of
 * those that fit; malloc. NULL: none fits, or no memory.
 */
WCHAR *InfModelsSection(const INF_FILE *File, const INF_LINE *Manufacturer,
                        const INF_TARGET *Target);
/* The section with the decoration .NT<architecture>, .NT or none that there is, in that order;
 * malloc. NULL: none. */
WCHAR *InfActualSection(const INF_FILE *File, const WCHAR *Section, const INF_TARGET *Target);

/* ---- drivers of a file, and their rank ---- */

#define INF_DRIVER_DATE(Year, Month, Day) (((Year) << 16) | ((Month) << 8) | (Day))

typedef struct _INF_VERSION {
    WCHAR *Class, *Provider, *CatalogFile; /* each malloc, or NULL */
    GUID ClassGuid;
    BOOLEAN HasClassGuid;
    ULONG Date;          /* INF_DRIVER_DATE, 0: none */
    ULONGLONG DriverVer; /* w.x.y.z, 16 bits each; 0: none */
} INF_VERSION;
/* FALSE: no memory. */
BOOLEAN InfGetVersion(const INF_FILE *File, INF_VERSION *Version);
VOID InfFreeVersion(INF_VERSION *Version);

/* One line of a models section. */
typedef struct _INF_MODEL {
    WCHAR *Description, *Manufacturer;
    const WCHAR *RawDescription, *RawManufacturer; /* with their tokens */
    WCHAR *Section;                                /* as the line says */
    WCHAR *ActualSection; /* decorated; the same as Section where the file has none of them */
    WCHAR *Ids;           /* hardware ID (may be empty), then compatible IDs; IdCount strings */
    ULONG IdCount;
    ULONG FeatureScore; /* 0xff: none given */
    ULONG Order;        /* of the line in the file */
} INF_MODEL;
/* Calls Each for every model of the file that is for Target, until it returns FALSE. FALSE: no
 * memory. The model is valid during the call. */
typedef BOOLEAN INF_MODEL_ROUTINE(const INF_MODEL *Model, PVOID Context);
BOOLEAN InfEnumerateModels(const INF_FILE *File, const INF_TARGET *Target, INF_MODEL_ROUTINE *Each,
                           PVOID Context);

#define INF_NO_RANK MAXULONG
/*
 * 0xSSGGTHHH: how well an unsigned driver matches a device; smaller is better, INF_NO_RANK: not at
 * all. Lists are double terminated or NULL. *Matched (may be NULL) is the device's ID.
 */
ULONG InfRank(const INF_MODEL *Model, const WCHAR *HardwareIds, const WCHAR *CompatibleIds,
              const WCHAR **Matched);

#endif
