/* SPDX-License-Identifier: MIT */
/*
 * exports.c - what a .sys may import, from the lists of the components.
 *
 * Only addresses are wanted here, so each symbol is declared under a name of its own and bound to
 * the real one by the assembler: no header is needed, and none can disagree.
 */
#include "ntio/ldr/ldr.h"

#include <stdlib.h>
#include <strings.h>

#define NTIO_EXPORT(module, name)             extern char LdrpSymbol_##name[] __asm__(#name);
#define NTIO_EXPORT_AS(module, alias, symbol) extern char LdrpSymbol_##symbol[] __asm__(#symbol);
#define NTIO_DATA(module, name)               extern char LdrpSymbol_##name[] __asm__(#name);
#include "ntio/ldr/all-exports.inc"
#undef NTIO_EXPORT
#undef NTIO_EXPORT_AS
#undef NTIO_DATA

#define NTIO_EXPORT(module, name)             {module, #name, LdrpSymbol_##name, FALSE},
#define NTIO_EXPORT_AS(module, alias, symbol) {module, alias, LdrpSymbol_##symbol, FALSE},
#define NTIO_DATA(module, name)               {module, #name, LdrpSymbol_##name, TRUE},
const LDR_EXPORT LdrExports[] = {
#include "ntio/ldr/all-exports.inc"
    {NULL, NULL, NULL, FALSE}, /* the lists may be empty */
};
const ULONG LdrExportCount = RTL_NUMBER_OF(LdrExports) - 1;

/* LdrExports by module and name. Sorted once, by the first who asks; needs no boot. */
static USHORT LdrpOrder[RTL_NUMBER_OF(LdrExports)];
C_ASSERT(RTL_NUMBER_OF(LdrExports) <= 0xffff);
static pthread_once_t LdrpSortOnce = PTHREAD_ONCE_INIT;

/* Module names are file names, so case does not matter; names of routines are as they are. */
static int LdrpCompare(const char *ModuleA, const char *NameA, const char *ModuleB,
                       const char *NameB)
{
    int Order = strcasecmp(ModuleA, ModuleB);
    return Order != 0 ? Order : strcmp(NameA, NameB);
}

static int LdrpCompareOrder(const void *A, const void *B)
{
    const LDR_EXPORT *First = &LdrExports[*(const USHORT *)A];
    const LDR_EXPORT *Second = &LdrExports[*(const USHORT *)B];
    return LdrpCompare(First->Module, First->Name, Second->Module, Second->Name);
}

static void LdrpSort(void)
{
    for (ULONG i = 0; i < LdrExportCount; i++)
        LdrpOrder[i] = (USHORT)i;
    qsort(LdrpOrder, LdrExportCount, sizeof(LdrpOrder[0]), LdrpCompareOrder);
}

static const LDR_EXPORT *LdrpFind(const char *Module, const char *Name)
{
    ULONG Low = 0, High = LdrExportCount;
    while (Low < High) {
        ULONG Middle = Low + (High - Low) / 2;
        const LDR_EXPORT *Export = &LdrExports[LdrpOrder[Middle]];
        int Order = LdrpCompare(Module, Name, Export->Module, Export->Name);
        if (Order == 0)
            return Export;
        if (Order < 0)
            High = Middle;
        else
            Low = Middle + 1;
    }
    return NULL;
}

PVOID LdrFindExport(const char *Module, const char *Name)
{
    /* hal.dll and ntoskrnl.exe have been one since Windows 10 2004: each forwards what the other
     * has. */
    static const char *const Kernel[2] = {"ntoskrnl.exe", "hal.dll"};
    pthread_once(&LdrpSortOnce, LdrpSort);
    const LDR_EXPORT *Export = LdrpFind(Module, Name);
    for (ULONG i = 0; i < 2 && Export == NULL; i++) {
        if (strcasecmp(Module, Kernel[i]) == 0)
            Export = LdrpFind(Kernel[1 - i], Name);
    }
    return Export != NULL ? Export->Address : NULL;
}
