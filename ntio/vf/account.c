/* SPDX-License-Identifier: MIT */
/* account.c - asks each component what is left, at shutdown and whenever somebody wants to know. */
#include "ntio/vf/vf.h"
#include <pthread.h>
#include <stdio.h>

#define VFP_MAXIMUM_SOURCES 64

typedef struct _VFP_SOURCE {
    const char *Component;
    VF_SOURCE_ROUTINE *Routine;
} VFP_SOURCE;

/* Guards the table; not held while a source runs, for sources take their component's locks. */
static pthread_mutex_t VfpSourceLock = PTHREAD_MUTEX_INITIALIZER;
static VFP_SOURCE VfpSources[VFP_MAXIMUM_SOURCES];
static ULONG VfpSourceCount;

/* What stands in pool until every component has given its own things back. */
static const char VfpLastComponent[] = "pool";

typedef struct _VFP_COUNTER {
    VF_LEFT_ROUTINE *Left;
    PVOID Context;
    ULONG Count;
} VFP_COUNTER;

typedef enum _VFP_WHICH { VfpAll, VfpAllButLast, VfpLast } VFP_WHICH;

VOID VfAddAccountingSource(const char *Component, VF_SOURCE_ROUTINE *Source)
{
    ULONG i;

    pthread_mutex_lock(&VfpSourceLock);
    /* A component that is initialised again replaces nothing: it is there once. */
    for (i = 0; i < VfpSourceCount; i++) {
        if (VfpSources[i].Routine == Source)
            break;
    }
    if (i == VfpSourceCount) {
        NTIO_ASSERT(VfpSourceCount < VFP_MAXIMUM_SOURCES);
        VfpSources[VfpSourceCount].Component = Component;
        VfpSources[VfpSourceCount].Routine = Source;
        VfpSourceCount++;
    }
    pthread_mutex_unlock(&VfpSourceLock);
}

static VOID VfpCountLeft(const char *Kind, const char *Sentence, PVOID Context)
{
    VFP_COUNTER *Counter = Context;

    Counter->Count++;
    if (Counter->Left != NULL)
        Counter->Left(Kind, Sentence, Counter->Context);
}

static ULONG VfpAccount(VFP_WHICH Which, VF_LEFT_ROUTINE *Left, PVOID Context)
{
    VFP_COUNTER Counter = {Left, Context, 0};
    VFP_SOURCE Sources[VFP_MAXIMUM_SOURCES];
    ULONG Count, i;

    pthread_mutex_lock(&VfpSourceLock);
    Count = VfpSourceCount;
    memcpy(Sources, VfpSources, sizeof(Sources));
    pthread_mutex_unlock(&VfpSourceLock);
    for (i = 0; i < Count; i++) {
        BOOLEAN Last = (BOOLEAN)(strcmp(Sources[i].Component, VfpLastComponent) == 0);

        if (Which == VfpAll || Last == (Which == VfpLast))
            Sources[i].Routine(VfpCountLeft, &Counter);
    }
    return Counter.Count;
}

ULONG VfAccount(VF_LEFT_ROUTINE *Left, PVOID Context)
{
    return VfpAccount(VfpAll, Left, Context);
}

static VOID VfpPrintLeft(const char *Kind, const char *Sentence, PVOID Context)
{
    fprintf(Context, "ntio: left behind: %s: %s\n", Kind, Sentence);
}

ULONG VfAccountAtShutdown(FILE *Out)
{
    ULONG Count = VfpAccount(VfpAllButLast, Out != NULL ? VfpPrintLeft : NULL, Out);

    if (Out != NULL)
        fflush(Out);
    return Count;
}

ULONG VfAccountPoolAtShutdown(FILE *Out)
{
    ULONG Count = VfpAccount(VfpLast, Out != NULL ? VfpPrintLeft : NULL, Out);

    pthread_mutex_lock(&VfpSourceLock);
    VfpSourceCount = 0;
    pthread_mutex_unlock(&VfpSourceLock);
    if (Out != NULL)
        fflush(Out);
    return Count;
}
