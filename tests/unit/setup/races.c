/* SPDX-License-Identifier: MIT */
/*
 * races.c - packages come and go while devices do, and while both are looked at: each of many
 * rounds of every thread ends in one of the results that were possible, and nothing is left.
 */
#include "tests/unit/setup/rig.h"
#include "ntio/setup/setuperr.h"

#include <pthread.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ROUNDS 30
#else
#define ROUNDS 120
#endif

static atomic_uint installed, without, wrong;

static void *packages(void *context)
{
    const char *name = context;

    for (unsigned i = 0; i < ROUNDS; i++) {
        BOOLEAN existed, reboot = FALSE;
        WCHAR *oem = NULL;
        ULONG error = SetupPublish(name, &oem, &existed);

        if (error != ERROR_SUCCESS || oem == NULL) {
            atomic_fetch_add(&wrong, 1);
            continue;
        }
        error = SetupUninstall(oem, i % 2 == 0, &reboot);
        if (error != ERROR_SUCCESS)
            atomic_fetch_add(&wrong, 1);
        free(oem);
    }
    return NULL;
}

static void *devices(void *context)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        char path[200];
        int32_t status = ntio_create_root_device(context, "toy\\one", path, sizeof(path));
        WCHAR wide[200];
        PNP_FACTS facts;
        size_t j;

        if (status < 0) { /* its driver's file went before it was loaded */
            atomic_fetch_add(&without, 1);
            if (path[0] == '\0')
                continue;
        }
        for (j = 0; path[j] != '\0'; j++)
            wide[j] = (WCHAR)path[j];
        wide[j] = 0;
        /* It may be taken down at this moment, to be started with another driver. */
        if (PnpGetFacts(wide, &facts) >= 0 && facts.State == PnpStarted)
            atomic_fetch_add(&installed, 1);
        if (ntio_remove_device(path, i % 2 == 0) < 0)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void *look(void *context)
{
    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        SETUP_DRIVER_LIST list;

        if (SetupFindDrivers(L"toy\\one\0", NULL, NULL, NULL, &list) != ERROR_SUCCESS)
            atomic_fetch_add(&wrong, 1);
        else if (list.Count > 2)
            atomic_fetch_add(&wrong, 1);
        SetupFreeDriverList(&list);
    }
    return NULL;
}

static void test_races(void **state)
{
    static void *(*const routines[])(void *) = {packages, packages, devices, devices, look};
    static char first[300], second[300];
    void *contexts[] = {first, second, "TOYA", "TOYB", NULL};
    pthread_t threads[RTL_NUMBER_OF(routines)];

    (void)state;
    rig_setup();
    rig_package("one", "toya", "Toy\\One", "02/03/2024,1.2.3.4", "", "");
    rig_package("two", "toyb", "Toy\\One", "02/03/2025,1.2.3.4", "", "");
    strcpy(first, rig_inf("one"));
    strcpy(second, rig_inf("two"));
    for (size_t i = 0; i < RTL_NUMBER_OF(routines); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, routines[i], contexts[i]), 0);
    for (size_t i = 0; i < RTL_NUMBER_OF(routines); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_null(SetupPublishedPath(L"oem0.inf"));
    assert_null(SetupPublishedPath(L"oem1.inf"));
    rig_teardown();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_races)};
    if (argc != 2)
        return 2;
    rig_toy = argv[1];
    return cmocka_run_group_tests_name("setup races", tests, NULL, NULL);
}
