/* SPDX-License-Identifier: MIT */
/* processes.c - several programs in one host, each with handles of its own. */
#include "ntio/init/initp.h"
#include "ntio/win32/join.h"

#include <stdlib.h>

struct ntio_process {
    PEPROCESS Process; /* a reference */
    struct ntio_process *Next;
};

/* Guards the list of those that have not been ended. */
static KI_LOCK InitpProcessLock;
static ntio_process *InitpProcesses;

ntio_process *ntio_process_create(const char *name)
{
    if (!InitpIsUp())
        return NULL;
    ntio_process *Made = calloc(1, sizeof(*Made));
    if (Made == NULL)
        return NULL;
    if (!NT_SUCCESS(PspCreateProcess(name != NULL ? name : "program", &Made->Process))) {
        free(Made);
        return NULL;
    }
    KiLock(&InitpProcessLock);
    Made->Next = InitpProcesses;
    InitpProcesses = Made;
    KiUnlock(&InitpProcessLock);
    return Made;
}

void ntio_process_enter(ntio_process *process)
{
    if (!InitpIsUp())
        return;
    PspDetachHostThread();
    /* Without a process, and where this fails, the next call attaches to the default one. */
    if (process != NULL)
        PspAttachHostThread(process->Process, process->Process->ImageName);
}

void ntio_process_end(ntio_process *process)
{
    if (process == NULL)
        return;
    KiLock(&InitpProcessLock);
    ntio_process **Link = &InitpProcesses;
    while (*Link != NULL && *Link != process)
        Link = &(*Link)->Next;
    BOOLEAN Known = *Link != NULL;
    if (Known)
        *Link = process->Next;
    KiUnlock(&InitpProcessLock);
    if (!Known)
        return; /* ended by the shutdown */
    Win32EndProgram(process->Process);
    IopCancelProcessIrps(process->Process);
    VmEndProcess(process->Process);
    PspTerminateProcess(process->Process, STATUS_PROCESS_IS_TERMINATING);
    free(process);
}

VOID InitpEndProcesses(VOID)
{
    for (;;) {
        KiLock(&InitpProcessLock);
        ntio_process *First = InitpProcesses;
        if (First != NULL)
            InitpProcesses = First->Next;
        KiUnlock(&InitpProcessLock);
        if (First == NULL)
            return;
        IopCancelProcessIrps(First->Process);
        VmEndProcess(First->Process);
        PspTerminateProcess(First->Process, STATUS_PROCESS_IS_TERMINATING);
        free(First);
    }
}
