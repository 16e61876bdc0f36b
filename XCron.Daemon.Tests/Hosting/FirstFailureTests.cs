using XCron.Daemon.Hosting;

namespace XCron.Daemon.Tests.Hosting;

internal sealed class FirstFailureTests
{
    [Test]
    public void One_that_fails_is_told_while_the_others_go_on()
    {
        var goesOn = new TaskCompletionSource();

        var told = FirstFailure.OfAsync(goesOn.Task, Task.FromException(new InvalidDataException("a defect")));

        Assert.That(told.Exception?.InnerException, Is.InstanceOf<InvalidDataException>());
        Assert.That(goesOn.Task.IsCompleted, Is.False);
    }

    [Test]
    public void One_that_ends_as_it_should_is_no_failure()
    {
        var goesOn = new TaskCompletionSource();

        var told = FirstFailure.OfAsync(Task.CompletedTask, goesOn.Task);
        Assert.That(told.IsCompleted, Is.False);
        goesOn.SetResult();

        Assert.That(told.IsCompletedSuccessfully);
    }
}
