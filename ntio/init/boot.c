/* SPDX-License-Identifier: MIT */
/*
 * boot.c - the whole system's beginning and end.
 *
 * Components start from the lowest up and stop in reverse. Between the last of the drivers and the
 * first component that stops stands the accounting: then everything that a program or a driver made
 * must be gone. Pool is accounted for last, when every component that keeps its own things in pool
 * has given them back: what is left then belongs to a driver, or to something that was named
 * before.
 */
#include "ntio/init/initp.h"
#include "ntio/win32/join.h"
#include "ntio/win32/scm.h"

#include <stdlib.h>

/* Guards the state; held through boot and shutdown, so that the second of two callers waits. */
static pthread_mutex_t InitpLock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic BOOLEAN InitpUp;
static BOOLEAN InitpQuiet;
static PEPROCESS InitpProgram;
static ULONG InitpProcessors;

static NTSTATUS InitpStartKernel(VOID)
{
    return KeInitializeSystem(InitpProcessors);
}

static const struct {
    NTSTATUS (*Start)(VOID);
    VOID (*Stop)(VOID);
} InitpComponents[] = {
    {InitpStartKernel, KeShutdownSystem},     {ExInitializeSystem, ExShutdownSystem},
    {MmInitializeSystem, MmShutdownSystem},   {ObInitializeSystem, ObShutdownSystem},
    {PsInitializeSystem, PsShutdownSystem},   {CmInitializeSystem, CmShutdownSystem},
    {IoInitializeSystem, IoShutdownSystem},   {PoInitializeSystem, PoShutdownSystem},
    {PnpInitializeSystem, PnpShutdownSystem}, {WmiInitializeSystem, WmiShutdownSystem},
    {LdrInitializeSystem, LdrShutdownSystem}, {ScmInitializeSystem, ScmShutdownSystem},
    {SetupInitialize, SetupShutdown},         {TraceInitialize, TraceShutdown},
    {VmInitializeSystem, VmShutdownSystem},
};
#define INITP_COMPONENTS RTL_NUMBER_OF(InitpComponents)
#define INITP_EX         1
#define INITP_CM         5 /* with it the registry's file is loaded */
#define INITP_PNP        8 /* stopped before the accounting: it removes the devices */
C_ASSERT(INITP_COMPONENTS == 15);

BOOLEAN InitpIsUp(VOID)
{
    return atomic_load_explicit(&InitpUp, memory_order_acquire);
}

static NTSTATUS InitpStartProgram(const char *Name)
{
    NTSTATUS Status = PspCreateProcess(Name, &InitpProgram);
    if (!NT_SUCCESS(Status))
        return Status;
    PspSetDefaultProcess(InitpProgram);
    /* This thread booted as one of System's; from here on it is the program's. */
    PspDetachHostThread();
    Status = PspAttachHostThread(InitpProgram, "main");
    if (!NT_SUCCESS(Status)) {
        PspSetDefaultProcess(PsInitialSystemProcess);
        PspTerminateProcess(InitpProgram, Status);
        InitpProgram = NULL;
    }
    return Status;
}

/* Registry: the file that is loaded before anybody reads a key, or NULL. */
static NTSTATUS InitpBoot(const ntio_config *config, const char *Registry, char *Reason,
                          size_t Size)
{
    static const ntio_config Default;
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG Started;

    if (config == NULL)
        config = &Default;
    pthread_mutex_lock(&InitpLock);
    if (InitpIsUp()) {
        Status = STATUS_INVALID_DEVICE_STATE;
        goto Exit;
    }
    const char *Debug = getenv("NTIO_DEBUG");
    if (Debug != NULL && strcmp(Debug, "view") == 0)
        TraceSetStderr(TraceStderrView);
    else if (config->debug_to_stderr ||
             (Debug != NULL && *Debug != '\0' && strcmp(Debug, "0") != 0))
        TraceSetStderr(TraceStderrPlain);
    else
        TraceSetStderr(TraceStderrOff);
    InitpQuiet = config->quiet_accounting;
    InitpProcessors = config->processors;
    for (Started = 0; Started < INITP_COMPONENTS; Started++) {
        Status = InitpComponents[Started].Start();
        if (!NT_SUCCESS(Status))
            break;
        if (Started == INITP_CM && Registry != NULL)
            Status = InitpLoadRegistry(Registry, Reason, Size);
        if (!NT_SUCCESS(Status)) {
            Started++; /* it is to be stopped, too */
            break;
        }
    }
    if (NT_SUCCESS(Status))
        Status = InitpStartProgram(config->process_name != NULL ? config->process_name : "program");
    if (!NT_SUCCESS(Status)) {
        while (Started-- != 0)
            InitpComponents[Started].Stop();
        goto Exit;
    }
    ObpMarkSystemObjects();
    atomic_store_explicit(&InitpUp, TRUE, memory_order_release);
Exit:
    pthread_mutex_unlock(&InitpLock);
    return Status;
}

int32_t ntio_boot(const ntio_config *config)
{
    return InitpBoot(config, NULL, NULL, 0);
}

int32_t ntio_boot_from(const ntio_config *config, const char *registry, char *reason, size_t size)
{
    char Text[1024] = "";
    NTSTATUS Status = InitpBoot(config, registry, Text, sizeof(Text));

    if (NT_SUCCESS(Status)) {
        Status = ScmStartSystem(Text, sizeof(Text));
        if (!NT_SUCCESS(Status))
            ntio_shutdown();
    }
    if (!NT_SUCCESS(Status) && reason != NULL && size != 0) {
        if (Text[0] != '\0')
            snprintf(reason, size, "%s", Text);
        else
            snprintf(reason, size, "the boot failed with status 0x%08x", (unsigned)Status);
    }
    return Status;
}

unsigned ntio_shutdown(void)
{
    ULONG Left = 0;

    pthread_mutex_lock(&InitpLock);
    if (!InitpIsUp())
        goto Exit;
    /* A device that is not in D0 may hold the very requests that are about to be waited for. */
    if (PoQuerySystemPower() > PowerSystemWorking && PoQuerySystemPower() < PowerSystemShutdown)
        (void)PnpSetSystemPower(PowerSystemWorking, TRUE, NULL, 0);
    atomic_store_explicit(&InitpUp, FALSE, memory_order_release);

    /* The programs end: their requests are cancelled, their handles closed. This thread is System's
     * for the rest. */
    Win32EndProgram(NULL);
    PspDetachHostThread();
    PspSetDefaultProcess(PsInitialSystemProcess);
    PspAttachHostThread(PsInitialSystemProcess, "shutdown");
    Win32JoinEndedThreads();
    Win32ForgetQueues();
    Win32ForgetInfs();
    Win32FreeSearches();
    PspForgetHostThreads(FALSE);
    InitpEndProcesses();
    IopCancelProcessIrps(InitpProgram);
    VmEndProcess(InitpProgram);
    PspTerminateProcess(InitpProgram, STATUS_SUCCESS);
    InitpProgram = NULL;
    /* A file whose last reference went at DISPATCH_LEVEL keeps its device from being removed. */
    ObpDrainDeferred();

    ULONG Component = INITP_COMPONENTS;
    IopSendShutdownNotifications();
    InitpComponents[INITP_PNP].Stop();
    ExpDrainWorkQueues();
    IopUnloadAllDrivers();
    /* What drivers left to work items: last dereferences, their own late work. */
    ExpDrainWorkQueues();

    FILE *Out = InitpQuiet ? NULL : stderr;
    Left = VfAccountAtShutdown(Out);
    while (Component-- != 0) {
        if (Component == INITP_EX)
            Left += VfAccountPoolAtShutdown(Out);
        if (Component != INITP_PNP)
            InitpComponents[Component].Stop();
    }
Exit:
    pthread_mutex_unlock(&InitpLock);
    return Left;
}
