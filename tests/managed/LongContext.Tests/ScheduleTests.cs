namespace LongContext.Tests;

[TestFixture]
internal sealed class ScheduleTests
{
    [Test]
    public void EverySequenceIsReadToItsEndWithinTheBudget(
        [Values(1, 3, 7, 1000)] int budget, [Values(0, 2, 100)] int decoded)
    {
        int[] lengths = [20, 1, 9];
        var done = new int[3];
        foreach (var step in Schedule.Steps(lengths, decoded, budget))
        {
            Assert.That(step.Tokens, Is.InRange(1, budget));
            for (var s = 0; s < 3; s++)
            {
                var isPrompt = done[s] < lengths[s] - decoded;
                Assert.That(step.Counts[s], Is.InRange(0, isPrompt ? lengths[s] - decoded - done[s] : 1));
                done[s] += step.Counts[s];
            }
        }

        Assert.That(done, Is.EqualTo(lengths));
    }

    [Test]
    public void PromptsFillWhatSingleTokensLeave()
    {
        var steps = Schedule.Steps([6, 9], decoded: 2, budget: 5).ToList();
        Assert.That(steps.Select(step => string.Join("+", step.Counts)), Is.EqualTo(["4+1", "1+4", "1+2", "0+1", "0+1"]));
        Assert.That(steps.Select(step => step.HasPrompt), Is.EqualTo([true, true, true, false, false]));
    }
}
